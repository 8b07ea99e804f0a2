import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { freePort, type SerfAgent, startSerf, until, withEngine } from '@darkroom/testing'
import { encode } from '@msgpack/msgpack'
import type { AgentAddress } from '../../../src/membership/serf/agent-address.ts'
import { AgentConnection } from '../../../src/membership/serf/agent-connection.ts'
import type { MemberEvent } from '../../../src/membership/serf/agent-protocol.ts'

withEngine('serf', serf => {
  suite('a connection to a Serf agent', { concurrency: 4 }, () => {
    test('a connection to a Serf agent authenticates, and reads the members', async t => {
      const agent = await startSerf(t, serf, { name: 'a', authKey: 'open sesame', tags: { shelf: 'upper' } })
      const connection = await open(t, { ...addressOf(agent), authKey: 'open sesame' })
      const [member, ...others] = await connection.members()
      assert.deepEqual(others, [])
      assert.equal(member?.Name, 'a')
      assert.equal(member.Status, 'alive')
      assert.deepEqual(member.Tags, { shelf: 'upper' })
      assert.equal(connection.agentName, 'a')
    })

    test('a connection to a Serf agent is refused with a clear error if the key is wrong or missing', async t => {
      const agent = await startSerf(t, serf, { name: 'a', authKey: 'open sesame' })
      const address = addressOf(agent)
      const wrong = AgentConnection.open({ ...address, authKey: 'open barley' })
      await assert.rejects(wrong, /refuses "auth": Invalid authentication token/)
      await assert.rejects(AgentConnection.open(address), /refuses "stats": Authentication required/)
    })

    test('a connection to a Serf agent sets and removes tags; other tags stay', async t => {
      const agent = await startSerf(t, serf, { name: 'a', tags: { shelf: 'upper' } })
      const connection = await open(t, addressOf(agent))
      await connection.setTags({ role: 'cluster-state', url: 'http://127.0.0.1:1' })
      await connection.setTags({ url: 'http://127.0.0.1:2' }, ['role'])
      const [member] = await connection.members()
      assert.deepEqual(member?.Tags, { shelf: 'upper', url: 'http://127.0.0.1:2' })
    })

    test('a connection to a Serf agent gets an error for tags that are too long, and can still be used', async t => {
      const agent = await startSerf(t, serf, { name: 'a' })
      const connection = await open(t, addressOf(agent))
      await assert.rejects(
        connection.setTags({ url: 'x'.repeat(600) }),
        /refuses "tags": Encoded length of tags exceeds limit of 512 bytes/,
      )
      assert.equal((await connection.members()).length, 1)
    })

    test('a connection to a Serf agent answers simultaneous requests in their order', async t => {
      const agent = await startSerf(t, serf, { name: 'a' })
      const connection = await open(t, addressOf(agent))
      const responses = await Promise.all([
        connection.members(),
        connection.setTags({ shelf: 'lower' }),
        connection.members(),
      ])
      assert.deepEqual([responses[0][0]?.Tags, responses[2][0]?.Tags], [{}, { shelf: 'lower' }])
    })

    test('a connection to a Serf agent is notified of members that join, change, fail and leave', async t => {
      const first = await startSerf(t, serf, { name: 'first' })
      const connection = await open(t, addressOf(first))
      const events: MemberEvent[] = []
      await connection.stream(event => events.push(event))
      const received = (kind: MemberEvent['Event'], name: string) =>
        until(`${kind} of ${name} has arrived`, () =>
          events.some(({ Event, Members }) => Event === kind && Members.some(({ Name }) => Name === name)),
        )

      const second = await startSerf(t, serf, { name: 'second', join: [first.gossip] })
      await received('member-join', 'second')
      const ofSecond = await open(t, addressOf(second))
      await ofSecond.setTags({ shelf: 'upper' })
      await received('member-update', 'second')
      await second.kill()
      await received('member-failed', 'second')
      const third = await startSerf(t, serf, { name: 'third', join: [first.gossip] })
      await received('member-join', 'third')
      await third.leave()
      await received('member-leave', 'third')
    })

    test('a connection to a Serf agent breaks when the agent is killed, and rejects later commands', async t => {
      const agent = await startSerf(t, serf, { name: 'a' })
      const connection = await open(t, addressOf(agent))
      await agent.kill()
      assert.match((await connection.closed).message, /broke/)
      await assert.rejects(connection.members(), /broke/)
      await connection.close()
    })

    test('a connection to a Serf agent breaks after the timeout if the agent hangs', async t => {
      const agent = await startSerf(t, serf, { name: 'a' })
      const connection = await open(t, addressOf(agent), 500)
      await agent.pause()
      await assert.rejects(connection.members(), /did not answer "members" within 500 ms/)
      await assert.rejects(
        AgentConnection.open(addressOf(agent), { timeoutMs: 500 }),
        /"handshake" within 500/,
      )
    })

    test('a connection to a Serf agent ends when its signal is aborted', async t => {
      const agent = await startSerf(t, serf, { name: 'a' })
      const ending = new AbortController()
      const connection = await AgentConnection.open(addressOf(agent), { signal: ending.signal })
      ending.abort()
      await connection.closed
      await assert.rejects(connection.members())
    })
  })
})

suite('a connection to a server that is not a Serf agent', () => {
  test('a connection to a server that is not a Serf agent fails, with the address, if nothing listens there', async () => {
    const port = await freePort()
    await assert.rejects(
      AgentConnection.open({ host: '127.0.0.1', port }),
      new RegExp(`no Serf agent answers at 127.0.0.1:${port}`),
    )
  })

  test('a connection to a server that is not a Serf agent breaks at invalid replies', async t => {
    const greetings = [encode({ Seq: 'one', Error: '' }), encode({ Seq: 7, Error: '' }), encode('hello')]
    for (const bytes of [...greetings, Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), Buffer.alloc(0)]) {
      const port = await listen(t, socket => socket.end(bytes))
      await assert.rejects(AgentConnection.open({ host: '127.0.0.1', port, authKey: 'key' }), /broke/)
    }
  })

  test('a connection to a server that is not a Serf agent breaks at an invalid body, and rejects its command', async t => {
    const port = await listen(t, socket => {
      socket.once('data', () => socket.write(encode({ Seq: 1, Error: '' })))
      socket.on('data', () =>
        socket.write(Buffer.concat([encode({ Seq: 2, Error: '' }), encode({ agent: 5 })])),
      )
    })
    await assert.rejects(AgentConnection.open({ host: '127.0.0.1', port }), /broke/)
  })
})

function addressOf({ rpc }: SerfAgent): AgentAddress {
  const [host = '', port] = rpc.split(':')
  return { host, port: Number(port) }
}

async function open(t: TestContext, address: AgentAddress, timeoutMs?: number): Promise<AgentConnection> {
  const connection = await AgentConnection.open(address, timeoutMs === undefined ? {} : { timeoutMs })
  t.after(() => connection.close())
  return connection
}

async function listen(t: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const port = await freePort()
  const server = createServer(onSocket).listen(port, '127.0.0.1')
  t.after(() => server.close())
  return port
}
