import { setTimeout as delay } from 'node:timers/promises'
import { mapConcurrently } from '@darkroom/service-kit'
import { serveHttp, until } from '@darkroom/testing'
import { describeMachine, quantile, row, table } from './measure.ts'
import { Owner } from './owner.ts'
import { sampleFacts, sampleTask, taskIdOf } from './sample-task.ts'
import { startSeparateServices } from './separate-services.ts'

/**
 * Measures how late a receiver gets its webhooks while a thousand other receivers never answer. In each round, one image of
 * each dead receiver ends, and 100 images of the live receiver. A delay is the time from the response to the end of an image
 * until its webhook arrives. All services are separate processes.
 *
 *     npm run bench -- webhooks [rounds] [dead receivers]
 */
const [rounds = 5, deadCount = 1000] = process.argv.slice(2).map(Number)
const liveHost = '127.0.0.2'
const liveCount = 100
const liveEveryMs = 40
const requestsAtOnce = 32
/** After this time, the frontend gives a dead receiver up. */
const responseTimeoutMs = 15_000

await using owner = new Owner()
const { clients } = await startSeparateServices(owner, { OUTBOUND_NETWORKS: '127.0.0.0/8' })
const { taskDb } = clients

/** When the webhook of each image of the live receiver arrived, by `performance.now()`. */
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
let imageCount = 0

// The live receiver has got webhooks before, and the code is warm.
const warm = await mapConcurrently(requestsAtOnce, Array<string>(500).fill(liveHost), end)
await until('all webhooks have arrived', () => warm.every(({ id }) => arrived.has(id)))

process.stdout.write(`${describeMachine()}\n`)
table(
  `A live receiver, and ${deadCount} receivers that never answer`,
  ...['dead receivers', 'rounds', 'webhooks', 'ms p50', 'ms p99', 'ms at most'],
)
const newHosts = (round: number) =>
  Array.from({ length: deadCount }, (_, n) => `127.${10 + round}.${n >> 8}.${n & 255}`)
await measure('new in each round', newHosts)

deadReceivers = 'answer 500'
const failed = newHosts(rounds)
called.clear()
const failures = await mapConcurrently(requestsAtOnce, failed, end)
await until('all receivers have failed', () => called.size === failed.length)
await remove(failures)
deadReceivers = 'never answer'
await measure('failed before', () => failed)

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
    await until('all webhooks have arrived', () => live.every(({ id }) => arrived.has(id)))
    delays.push(...live.map(({ id, at }) => Math.max(0, (arrived.get(id) ?? 0) - at)))
    await remove([...(await dead), ...live])
    await delay(responseTimeoutMs + 1000) // until the running calls are given up
  }
  const [p50 = 0, p99 = 0] = [0.5, 0.99].map(share => quantile(delays, share))
  row(name, String(rounds), String(delays.length), p50, p99, Math.max(...delays))
}

interface EndedImage {
  id: string
  at: number
}

/** Creates an image with a callback to `host`, and ends it. */
async function end(host: string): Promise<EndedImage> {
  const id = taskIdOf(++imageCount)
  const callback = { url: `http://${host}:${port}/`, keptSeconds: 86_400 }
  await taskDb.putTask({ params: { id }, body: { ...sampleTask, callback } })
  const body = { worker: 'bench', leaseMs: 60_000 }
  const claimed = await taskDb.claimGivenTask({ params: { id }, body })
  if (claimed.status !== 200) throw new Error(`the response to a claim is ${claimed.status}`)
  const { status } = await taskDb.putTask({
    params: { id },
    body: { state: 'finished', token: claimed.body.claims, result: sampleFacts },
  })
  if (status !== 200) throw new Error(`the response to an end is ${status}`)
  return { id, at: performance.now() }
}

async function remove(images: readonly EndedImage[]): Promise<void> {
  await mapConcurrently(requestsAtOnce, images, ({ id }) => taskDb.deleteTask({ params: { id } }))
}
