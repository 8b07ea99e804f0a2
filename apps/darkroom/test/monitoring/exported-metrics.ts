import assert from 'node:assert/strict'
import * as frontend from '@darkroom/frontend'
import * as imageMaster from '@darkroom/image-master'
import { logger, startNeighbours } from '@darkroom/image-master/testing'
import * as imageWorker from '@darkroom/image-worker'
import { loadConfig, type RunningService } from '@darkroom/service-kit'
import { findEngine, httpRequest, type Owner, startRedis, until } from '@darkroom/testing'

/** Starts every service in this process. Once all are ready, returns the response of /metrics by the name of the service. */
export async function exportedMetrics(owner: Owner): Promise<Map<string, string>> {
  // With BullMQ, the queue has its own metrics.
  const redis = findEngine('redis')
  const queue = redis && { QUEUE_URL: (await startRedis(owner, redis)).urlOf(0) }
  const neighbours = await startNeighbours(owner, { THREADS: '1', ...queue })
  const { env, kv, storage, taskDb, clusterState, defer } = neighbours
  const services: RunningService[] = [kv, storage, taskDb, clusterState]
  const add = async (starting: Promise<RunningService>) => {
    const service = await starting
    defer(service.close)
    services.push(service)
  }
  await add(imageMaster.start(loadConfig(imageMaster.Config, env), logger))
  await add(frontend.start(loadConfig(frontend.Config, env), logger))
  const control = { pid: 1, kill: () => assert.fail('no thread is stuck') }
  await add(imageWorker.start(loadConfig(imageWorker.Config, env), logger, control))
  const responses = services.map(async ({ name, url }) => {
    await until(`${name} is ready`, async () => (await httpRequest(url, '/readyz')).status === 200)
    const { status, body } = await httpRequest(url, '/metrics')
    assert.equal(status, 200, `${name} answers ${status}`)
    return [name, body.toString()] as const
  })
  return new Map(await Promise.all(responses))
}
