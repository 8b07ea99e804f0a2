import { setTimeout as delay } from 'node:timers/promises'
import { createLogger, mapConcurrently, ServiceClients } from '@darkroom/service-kit'
import { freePort, serveHttp, startService, temporaryFolder, until } from '@darkroom/testing'
import { describeMachine, quantile, row, table } from './measure.ts'
import { Owner } from './owner.ts'
import { sampleFacts, sampleTask, taskIdOf } from './sample-task.ts'

/**
 * Measures how late a receiver gets its notices while a thousand other receivers never answer. In each round, one image of
 * each dead receiver ends, and 100 images of the live receiver. A delay is the time from the answer to the end of an image
 * until its notice arrives. All services are separate processes.
 *
 *     npm run bench -- webhooks [rounds] [dead receivers]
 */
const [rounds = 5, deadCount = 1000] = process.argv.slice(2).map(Number)
const liveHost = '127.0.0.2'
const liveCount = 100
const liveEveryMs = 40
const requestsAtOnce = 32
/** After this time, the frontend gives a dead receiver up. */
const answerTimeoutMs = 15_000

await using owner = new Owner()
const kvPort = String(await freePort())
const shared = {
  KV_URL: `http://127.0.0.1:${kvPort}`,
  CLUSTER_TOKEN: 'the token of the benchmark',
  DATA_DIR: temporaryFolder(owner),
  MIN_FREE_BYTES: '0',
  OUTBOUND_NETWORKS: '127.0.0.0/8',
}
for (const name of ['kv-config', 'cluster-state', 'task-db', 'storage', 'image-master', 'frontend'])
  await startService(owner, name, { ...shared, ...(name === 'kv-config' && { PORT: kvPort }) })
const clients = new ServiceClients({
  ...{ kvUrl: shared.KV_URL, clusterToken: shared.CLUSTER_TOKEN, logger: createLogger('bench', 'silent') },
  timeoutMs: 10_000,
})
owner.after(() => clients.close())
const { taskDb } = clients

/** When each notice of the live receiver arrived, by the id of its image and `performance.now()`. */
const arrived = new Map<string, number>()
/** The dead receivers that were called. */
const called = new Set<string>()
let deadReceivers: 'never answer' | 'answer 500' = 'never answer'
const { port } = await serveHttp(
  owner,
  ({ headers }, response) => {
    const host = String(headers.host).split(':')[0] ?? ''
    if (host === liveHost) {
      arrived.set(String(headers['webhook-id']).split('_')[0] ?? '', performance.now())
      response.writeHead(204).end()
    } else {
      called.add(host)
      if (deadReceivers === 'answer 500') response.writeHead(500).end()
    }
  },
  '0.0.0.0',
)

process.stdout.write(`${describeMachine()}\n`)
table(
  `A live receiver beside ${deadCount} receivers that never answer`,
  ...['dead receivers', 'rounds', 'notices', 'ms p50', 'ms p99', 'ms at most'],
)
let images = 0
const newHosts = (round: number) =>
  Array.from({ length: deadCount }, (_, n) => `127.${10 + round}.${n >> 8}.${n & 255}`)
await measure('new in each round', newHosts)

deadReceivers = 'answer 500'
const failed = newHosts(rounds)
called.clear()
const failures = await mapConcurrently(requestsAtOnce, failed, end)
await until('all receivers have failed', () => called.size === failed.length)
await mapConcurrently(requestsAtOnce, failures, ({ id }) => taskDb.deleteTask({ params: { id } }))
deadReceivers = 'never answer'
await measure('that failed before', () => failed)

async function measure(name: string, deadHosts: (round: number) => string[]): Promise<void> {
  const delays: number[] = []
  for (let round = 0; round < rounds; round++) {
    const dead = mapConcurrently(requestsAtOnce, deadHosts(round), end)
    const live = await Promise.all(
      Array.from({ length: liveCount }, async (_, n) => {
        await delay(n * liveEveryMs)
        return end(liveHost)
      }),
    )
    await until('all notices have arrived', () => live.every(({ id }) => arrived.has(id)))
    delays.push(...live.map(({ id, at }) => Math.max(0, (arrived.get(id) ?? 0) - at)))
    await mapConcurrently(requestsAtOnce, [...(await dead), ...live], ({ id }) =>
      taskDb.deleteTask({ params: { id } }),
    )
    await delay(answerTimeoutMs + 1000) // until the notices under way are given up
  }
  row(
    name,
    String(rounds),
    String(delays.length),
    ...[0.5, 0.99].map(share => quantile(delays, share)),
    Math.max(...delays),
  )
}

/** Creates an image with a callback to `host`, and ends it. */
async function end(host: string): Promise<{ id: string; at: number }> {
  const id = taskIdOf(++images)
  const params = { id }
  const callback = { url: `http://${host}:${port}/`, keptSeconds: 86_400 }
  await taskDb.putTask({ params, body: { ...sampleTask, callback } })
  const claimed = await taskDb.claimGivenTask({ params, body: { worker: 'bench', leaseMs: 60_000 } })
  if (claimed.status !== 200) throw new Error(`a claim is answered ${claimed.status}`)
  const { status } = await taskDb.putTask({
    params: { id: claimed.body.id },
    body: { state: 'finished', token: claimed.body.claims, result: sampleFacts },
  })
  if (status !== 200) throw new Error(`an end is answered ${status}`)
  return { id: claimed.body.id, at: performance.now() }
}
