import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imageCounters } from '@darkroom/contracts'
import { Tally } from '@darkroom/service-kit'
import { generateImage, until } from '@darkroom/testing'
import { logger, type Neighbours, startNeighbours } from './neighbours.ts'
import { startMaster, upload } from './start-master.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })

/** A counter of cluster-state. */
async function countOf({ clients }: Neighbours, name: string): Promise<number> {
  const { status, body } = await clients.clusterState.getCounter({ params: { name }, querystring: {} })
  assert.equal(status, 200)
  return Number(body)
}

test('accepted images are counted with their bytes; refused and repeated uploads are not', async t => {
  const master = await startMaster(t)
  const headers = { 'idempotency-key': 'one' }
  for (const status of [202, 202]) assert.equal((await upload(master, png, { headers })).status, status)
  assert.equal((await upload(master, Buffer.from('no image'))).status, 415)
  assert.equal((await upload(master, png)).status, 202)
  const { accepted, bytesIn } = imageCounters
  assert.deepEqual(master.tally.amounts, { [accepted]: 2, [bytesIn]: 2 * png.length })
})

test('counts arrive in cluster-state, also counts from an outage, or from just before the end', async t => {
  const neighbours = await startNeighbours(t)
  await neighbours.clusterState.close()
  const tally = new Tally({ clusterState: neighbours.clients.clusterState, logger, everyMs: 20 })
  neighbours.defer(() => tally.close())
  tally.add('images.accepted')
  const node = await neighbours.startClusterState()
  tally.add('images.accepted', 2)
  tally.add('bytes.in', 3000)
  await until('all counts have arrived', async () => (await countOf(neighbours, 'bytes.in')) === 3000)
  assert.equal(await countOf(neighbours, 'images.accepted'), 3)

  await node.close()
  tally.add('images.accepted', 4)
  await neighbours.startClusterState()
  await until('the rest has arrived', async () => (await countOf(neighbours, 'images.accepted')) === 7)

  tally.add('images.accepted', 5)
  await tally.close()
  await tally.close()
  assert.equal(await countOf(neighbours, 'images.accepted'), 12)
})

test('closing does not wait long while cluster-state does not answer', async t => {
  const neighbours = await startNeighbours(t)
  await neighbours.clusterState.close()
  const tally = new Tally({ clusterState: neighbours.clients.clusterState, logger, everyMs: 20 })
  tally.add('images.accepted')
  const begunAt = performance.now()
  await tally.close()
  assert.ok(performance.now() - begunAt < 10_000)
})
