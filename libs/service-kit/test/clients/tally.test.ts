import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tally } from '../../src/clients/tally.ts'
import { createLogger } from '../../src/log/logger.ts'

type ClusterState = ConstructorParameters<typeof Tally>[0]['clusterState']
const logger = createLogger('image-master', 'silent')

test('closing waits for the request in progress, so that nothing is counted twice', async () => {
  const asked = Promise.withResolvers<void>()
  const answering = Promise.withResolvers<void>()
  const counted: number[] = []
  const incrementCounter: ClusterState['incrementCounter'] = async ({ querystring, signal }) => {
    counted.push(querystring.amount ?? 1)
    asked.resolve()
    await answering.promise
    signal?.throwIfAborted()
    return { status: 200, headers: {}, body: '1' }
  }
  const tally = new Tally({ clusterState: { incrementCounter }, logger, everyMs: 1 })
  tally.add('images.accepted', 3)
  await asked.promise
  tally.add('images.accepted', 4)
  const closed = tally.close()
  answering.resolve()
  await closed
  assert.deepEqual(counted, [3, 4])
})
