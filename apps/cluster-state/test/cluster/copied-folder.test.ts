import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { suite, type TestContext, test } from 'node:test'
import {
  httpRequest,
  type SerfAgent,
  type ServiceProcess,
  startSerf,
  startService,
  temporaryFolder,
  until,
  withEngine,
} from '@darkroom/testing'

interface Place {
  /** Starts a node at this place, with a data folder. */
  start(dataDir: string): Promise<ServiceProcess>
}

type OpenPlaces = (t: TestContext) => Promise<readonly [Place, Place]>

/** Two machines of a cluster, for each kind of membership. */
function foldersThatAreCopied(name: string, openPlaces: OpenPlaces): void {
  suite(`a data folder, with ${name}`, { concurrency: false }, () => {
    test('fault: a data folder is copied while its node runs: the copy refuses writes, and no count is lost', async t => {
      const [here, there] = await openPlaces(t)
      const [folder, copy] = [temporaryFolder(t), temporaryFolder(t)]
      const original = await here.start(folder)
      assert.equal(await count(original, 40), 40)
      cpSync(folder, copy, { recursive: true })
      const second = await there.start(copy)
      // It takes a while until the agents have found the second node.
      const refused = await until('the copy refuses writes', async () => {
        const response = await httpRequest(second.url, '/readyz')
        return String(response.json().type).endsWith('node-id-in-use') && response
      })
      assert.equal(refused.status, 503)
      assert.match(String(refused.json().detail), new RegExp(`${original.url} has the same id .*new-node-id`))
      const counted = await Promise.all([count(original, 100), count(second, 100)])
      assert.deepEqual(counted, [100, 0])
      for (const path of ['/set/1', '/registers/a/set/1'])
        assert.equal((await httpRequest(second.url, path, { method: 'POST' })).status, 503)
      assert.equal((await httpRequest(original.url, '/')).body.toString(), '140')
      await until('both have logged it', () =>
        [original, second].every(node => `${node.stdout}${node.stderr}`.includes('a data folder was copied')),
      )
    })

    test(`a data folder, with ${name} moves with its node: no error is logged, and the node continues to count`, async t => {
      const [here, there] = await openPlaces(t)
      const folder = temporaryFolder(t)
      const before = await here.start(folder)
      assert.equal(await count(before, 3), 3)
      before.signal('SIGKILL')
      await before.ended
      const after = await there.start(folder)
      assert.equal(await count(after, 3), 3)
      await untilReady(after)
      assert.equal((await httpRequest(after.url, '/')).body.toString(), '6')
      assert.ok(!`${after.stdout}${after.stderr}`.includes('copied'))
    })

    test(`a data folder, with ${name} is lost: its node comes back with another id, and no error is logged`, async t => {
      const [here, there] = await openPlaces(t)
      const folder = temporaryFolder(t)
      const witness = await there.start(temporaryFolder(t))
      const before = await here.start(folder)
      assert.equal(await count(before, 3), 3)
      await until('the witness has the counts', async () => await counts(witness, '3'))
      before.signal('SIGKILL')
      await before.ended
      rmSync(folder, { recursive: true })
      const after = await here.start(folder)
      assert.equal(await count(after, 3), 3)
      for (const node of [after, witness]) await until('all is counted', async () => await counts(node, '6'))
      await untilReady(after)
      for (const node of [after, witness]) assert.ok(!`${node.stdout}${node.stderr}`.includes('copied'))
    })
  })
}

/** Sends increments by one at the same time; returns how many were acknowledged. */
async function count(node: ServiceProcess, times: number): Promise<number> {
  const responses = await Promise.all(
    Array.from({ length: times }, () => httpRequest(node.url, '/inc', { method: 'POST' })),
  )
  return responses.filter(({ status }) => status === 200).length
}

async function counts(node: ServiceProcess, expected: string): Promise<boolean> {
  return (await httpRequest(node.url, '/')).body.toString() === expected
}

async function untilReady(node: ServiceProcess): Promise<void> {
  await until('it is ready', async () => (await httpRequest(node.url, '/readyz')).status === 200)
}

foldersThatAreCopied('kv-config', async t => {
  const kv = await startService(t, 'kv-config', { DATA_DIR: temporaryFolder(t) })
  const place: Place = {
    start: dataDir => startService(t, 'cluster-state', { KV_URL: kv.url, DATA_DIR: dataDir }),
  }
  return [place, place]
})

test('fault: a data folder is copied, and both nodes start at once: every acknowledged increment is counted', async t => {
  const kv = await startService(t, 'kv-config', { DATA_DIR: temporaryFolder(t) })
  const start = (dataDir: string) => startService(t, 'cluster-state', { KV_URL: kv.url, DATA_DIR: dataDir })
  const [folder, copy] = [temporaryFolder(t), temporaryFolder(t)]
  const first = await start(folder)
  assert.equal(await count(first, 5), 5)
  first.signal('SIGTERM')
  await first.ended
  cpSync(folder, copy, { recursive: true })
  const nodes = await Promise.all([start(folder), start(copy)])
  const acknowledged = await Promise.all(nodes.map(node => count(node, 200)))
  const sum = 5 + acknowledged.reduce((one, other) => one + other)
  t.diagnostic(`acknowledged: ${acknowledged.join(' and ')}`)
  assert.deepEqual(acknowledged.toSorted(), [0, 200])
  const taker = nodes[acknowledged.indexOf(200)]
  assert.equal(taker && (await httpRequest(taker.url, '/')).body.toString(), String(sum))
})

withEngine('serf', serf =>
  foldersThatAreCopied('Serf agents', async t => {
    const place = (agent: SerfAgent): Place => ({
      start: dataDir =>
        startService(t, 'cluster-state', { MEMBERSHIP_URL: `serf://${agent.rpc}`, DATA_DIR: dataDir }),
    })
    const here = await startSerf(t, serf, { name: 'here' })
    const there = await startSerf(t, serf, { name: 'there', join: [here.gossip] })
    return [place(here), place(there)]
  }),
)
