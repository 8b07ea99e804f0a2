import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import {
  freePortRange,
  httpRequest,
  mainOf,
  startProgram,
  startSerf,
  startService,
  temporaryFolder,
  until,
  withEngine,
} from '@darkroom/testing'
import { parseAgentAddress } from '../../../src/membership/serf/agent-address.ts'
import { AgentConnection } from '../../../src/membership/serf/agent-connection.ts'

withEngine('serf', serf => {
  suite('cluster-state with a Serf agent', { concurrency: true }, () => {
    test('cluster-state starts before its agent, names the missing agent in /readyz, and counts meanwhile', async t => {
      const port = await freePortRange(2)
      const [rpc, gossip] = [`127.0.0.1:${port}`, `127.0.0.1:${port + 1}`]
      const { url } = await startNode(t, `serf://${rpc}`)
      const waiting = await until('the missing agent is seen', async () => {
        const response = await httpRequest(url, '/readyz')
        return response.status === 503 && String(response.json().detail).includes(rpc) && response
      })
      assert.equal(waiting.json().detail, `no Serf agent answers at ${rpc}`)
      assert.equal((await httpRequest(url, '/inc', { method: 'POST' })).status, 200)
      await startSerf(t, serf, { name: 'a', rpc, gossip })
      await until('it is ready', async () => (await httpRequest(url, '/readyz')).status === 200)
    })

    test('cluster-state with a Serf agent announces its address to the agents, and removes it when it ends', async t => {
      const agent = await startSerf(t, serf, { name: 'a', tags: { shelf: 'upper' } })
      const connection = await AgentConnection.open(parseAgentAddress(`serf://${agent.rpc}`))
      t.after(() => connection.close())
      const tags = async () => (await connection.members())[0]?.Tags
      const node = await startNode(t, `serf://${agent.rpc}`, { DATA_CENTRE: 'north' })
      await until('its tags are there', async () => (await tags())?.url)
      const { id } = (await httpRequest(node.url, '/members')).json().self as { id: string }
      const expected = { shelf: 'upper', role: 'cluster-state', url: node.url, id, 'data-centre': 'north' }
      assert.deepEqual(await tags(), expected)
      node.signal('SIGTERM')
      assert.deepEqual((await node.ended).code, 0)
      assert.deepEqual(await tags(), { shelf: 'upper' })
    })

    test('cluster-state does not start with an invalid address of an agent, and does not show the key', async t => {
      const env = { MEMBERSHIP_URL: 'serf://:sesame@agent/path', PORT: '0', DATA_DIR: temporaryFolder(t) }
      const program = startProgram(t, [process.execPath, mainOf('cluster-state')], env)
      assert.equal((await program.ended).code, 1)
      assert.match(program.stderr, /MEMBERSHIP_URL must be like serf:/)
      assert.ok(!`${program.stderr}${program.stdout}`.includes('sesame'))
    })
  })
})

function startNode(t: TestContext, membershipUrl: string, env: Record<string, string> = {}) {
  const dataDir = temporaryFolder(t)
  return startService(t, 'cluster-state', { MEMBERSHIP_URL: membershipUrl, DATA_DIR: dataDir, ...env })
}
