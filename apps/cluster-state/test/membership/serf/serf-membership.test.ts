import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { Member } from '@darkroom/contracts'
import { createLogger } from '@darkroom/service-kit'
import { freePortRange, RecordedLog, type SerfAgent, startSerf, until, withEngine } from '@darkroom/testing'
import { MembersUnknown } from '../../../src/membership/membership.ts'
import { parseAgentAddress } from '../../../src/membership/serf/agent-address.ts'
import { AgentConnection } from '../../../src/membership/serf/agent-connection.ts'
import { SerfMembership } from '../../../src/membership/serf/serf-membership.ts'

withEngine('serf', serf => {
  suite('membership by Serf agents', { concurrency: 4 }, () => {
    test('membership by Serf agents finds other nodes by their tags when they join, move, leave and die', async t => {
      const [here, there] = await startPair(t, serf)
      const ours = follow(t, here, memberOf('ours'))
      const theirs = follow(t, there, memberOf('theirs'))
      await untilKnown(ours, ['theirs'])
      await untilKnown(theirs, ['ours'])
      assert.deepEqual(ours.members(), [memberOf('theirs')])

      await theirs.close()
      await untilKnown(ours, [])
      follow(t, there, memberOf('successor'))
      await untilKnown(ours, ['successor'])
      await there.kill()
      await untilKnown(ours, [])
      await there.restart()
      await untilKnown(ours, ['successor'])
    })

    test('membership by Serf agents skips agents without a node; invalid tags are logged once', async t => {
      const here = await startSerf(t, serf, { name: 'here' })
      const join = [here.gossip]
      await startSerf(t, serf, {
        name: 'database',
        join,
        tags: { role: 'database', id: 'x', url: 'http://x' },
      })
      const role = 'cluster-state'
      const tagged = { role, id: 'odd', url: 'file:///etc/passwd', 'data-centre': 'local' }
      const odd = await startSerf(t, serf, { name: 'odd', join, tags: tagged })
      const log = new RecordedLog()
      const ours = follow(t, here, memberOf('ours'), log)
      const isLogged = () => log.lines.some(({ agents }) => JSON.stringify(agents) === '["odd"]')
      await until('the invalid agent is skipped', isLogged)

      const mended = await AgentConnection.open(addressOf(odd))
      t.after(() => mended.close())
      await mended.setTags({ url: 'http://odd' })
      await untilKnown(ours, ['odd'])
      assert.equal(log.lines.filter(({ agents }) => agents !== undefined).length, 1)
    })

    test('membership by Serf agents starts without an agent, logs it, and continues when the agent comes', async t => {
      const port = await freePortRange(2)
      const rpc = `127.0.0.1:${port}`
      const log = new RecordedLog()
      const ours = follow(t, { rpc }, memberOf('ours'), log)
      await until('its absence is seen', () => log.lines.length > 0)
      await assert.rejects(ours.checkReady(), new MembersUnknown(`no Serf agent answers at ${rpc}`))
      assert.deepEqual(ours.members(), [])
      const here = await startSerf(t, serf, { name: 'here', rpc, gossip: `127.0.0.1:${port + 1}` })
      await untilReady(ours)
      const there = await startSerf(t, serf, { name: 'there', join: [here.gossip] })
      follow(t, there, memberOf('theirs'))
      await untilKnown(ours, ['theirs'])
    })

    test('membership by Serf agents logs once that the key is wrong, without the key', async t => {
      const agent = await startSerf(t, serf, { name: 'a', authKey: 'open sesame' })
      const log = new RecordedLog()
      const wrong = follow(t, agent, memberOf('ours'), log, ':open%20barley@')
      await until('it is refused', () => log.lines.length > 0)
      const words = 'the Serf agent refuses "auth": Invalid authentication token'
      await assert.rejects(wrong.checkReady(), new MembersUnknown(words))
      const connections = () => agent.program.stdout.split('Accepted client').length - 1
      await until('it has tried again', () => connections() >= 3)
      assert.equal(log.lines.length, 1)
      assert.ok(!JSON.stringify(log.lines).includes('barley'))

      const right = follow(t, agent, memberOf('ours'), new RecordedLog(), ':open%20sesame@')
      await untilReady(right)
    })

    test('membership by Serf agents reports that its tags are too long', async t => {
      const agent = await startSerf(t, serf, { name: 'a' })
      const ours = follow(t, agent, { ...memberOf('ours'), url: `http://${'x'.repeat(600)}` })
      await until('it is refused', () =>
        ours.checkReady().then(
          () => false,
          ({ message }) => /refuses "tags": Encoded length of tags exceeds/.test(message),
        ),
      )
    })

    test('membership by Serf agents sets its tags and reads all members again after its agent was restarted', async t => {
      const [here, there] = await startPair(t, serf)
      const ours = follow(t, here, memberOf('ours'))
      const theirs = follow(t, there, memberOf('theirs'))
      await untilKnown(theirs, ['ours'])
      await untilKnown(ours, ['theirs'])
      await here.kill()
      await until('it is missed', () => isUnready(ours))
      assert.deepEqual(ours.members(), [memberOf('theirs')], 'the known members stay')
      await here.restart()
      await untilReady(ours)
      const join = [there.gossip]
      const third = await startSerf(t, serf, { name: 'third', join })
      follow(t, third, memberOf('third'))
      await untilKnown(theirs, ['ours', 'third'])
      await untilKnown(ours, ['theirs', 'third'])
    })

    test('membership by Serf agents keeps the known members while its agent hangs, and continues afterwards', async t => {
      const [here, there] = await startPair(t, serf)
      const ours = follow(t, here, memberOf('ours'))
      follow(t, there, memberOf('theirs'))
      await untilKnown(ours, ['theirs'])
      await here.pause()
      await until('it is missed', () => isUnready(ours), 30_000)
      assert.deepEqual(ours.members(), [memberOf('theirs')])
      here.resume()
      await untilReady(ours)
      await untilKnown(ours, ['theirs'])
    })

    test('membership by Serf agents closes at once although its agent hangs, and may be closed twice', async t => {
      const agent = await startSerf(t, serf, { name: 'a' })
      const ours = follow(t, agent, memberOf('ours'))
      await untilReady(ours)
      await agent.pause()
      const startedAt = performance.now()
      await Promise.all([ours.close(), ours.close()])
      await ours.close()
      assert.ok(performance.now() - startedAt < 5000)
    })
  })
})

async function startPair(t: TestContext, serf: string): Promise<[SerfAgent, SerfAgent]> {
  const here = await startSerf(t, serf, { name: 'here' })
  return [here, await startSerf(t, serf, { name: 'there', join: [here.gossip] })]
}

function memberOf(id: string): Member {
  return { id, url: `http://${id}:8085`, dataCentre: 'local' }
}

function follow(
  t: TestContext,
  { rpc }: { rpc: string },
  self: Member,
  log = new RecordedLog(),
  key = '',
): SerfMembership {
  const logger = createLogger('cluster-state', 'info', log)
  const address = parseAgentAddress(`serf://${key}${rpc}`)
  const membership = new SerfMembership({ address, self, logger, timeoutMs: 2000 })
  t.after(() => membership.close())
  return membership
}

function addressOf({ rpc }: SerfAgent) {
  return parseAgentAddress(`serf://${rpc}`)
}

async function untilKnown(membership: SerfMembership, ids: string[]): Promise<void> {
  const known = () => membership.members().map(({ id }) => id)
  const isSo = () => known().join() === ids.join()
  await until(`${membership.self.id} has found ${ids.join(', ') || 'no other node'}`, isSo, 40_000)
}

async function untilReady(membership: SerfMembership): Promise<void> {
  await until(`${membership.self.id} is ready`, async () => {
    await membership.checkReady()
    return true
  })
}

async function isUnready(membership: SerfMembership): Promise<boolean> {
  return membership.checkReady().then(
    () => false,
    () => true,
  )
}
