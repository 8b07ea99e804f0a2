import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { mapConcurrently } from '@darkroom/service-kit'
import { residentMemory, until } from '@darkroom/testing'
import { describeMachine, median, quantile, row, table } from './measure.ts'
import { Owner } from './owner.ts'
import { cpuMs } from './process-figures.ts'
import { sampleTask, taskIdOf } from './sample-task.ts'
import { startSeparateServices } from './separate-services.ts'

/**
 * Measures open event streams at one frontend, with all services in separate processes: memory per stream, the frontend's
 * CPU time per delivered event beyond that of the silent streams, and the time from the response to the commit until the
 * event arrives at the client.
 *
 *     npm run bench -- streams [streams] [rounds]
 *
 * First each stream follows an image of its own, and each image changes once: as fast as possible, which also makes V8
 * compile the code, then 1 000 and 200 images per second. Then each stream follows all images, so that each change goes to
 * all streams. A row is the median of the rounds; its memory is that of the first round, as later rounds reuse memory.
 */
const [streams = 5000, rounds = 3] = process.argv.slice(2).map(Number)
const changesASecond = [1000, 200]
const changesToAll = 20
const requestsAtOnce = 32
/** Every stream gets one heartbeat in this time. */
const silentMs = 20_000

await using owner = new Owner()
const { frontend, clients } = await startSeparateServices(owner)
const { port, hostname } = new URL(frontend.url)

interface Round {
  kibAStream: number
  /** The frontend's CPU time for all events, beyond that of the silent streams. */
  cpuMs: number
  /** The delay of each event, in ms. */
  times: number[]
}

/** The times at which each state of an image arrived at the streams, by `performance.now()`. */
const arrived = new Map<string, number[]>()
let tasksMade = 0

process.stdout.write(`${describeMachine()}\n`)
table(
  `${streams} open streams`,
  ...['streams of', 'KiB a stream', 'events', 'CPU µs an event', 'ms p50', 'ms p99', 'ms at most'],
)

// The first stream starts the feed, and others warm the code up.
const warm = await Promise.all(Array.from({ length: 200 }, (_, n) => createTask(1_000_000 + n)))
const warmed = await mapConcurrently(requestsAtOnce, warm, id => open(`/images/${id}/events`))
await mapConcurrently(requestsAtOnce, warm, claim)
await until('all are warm', () => warm.every(id => arrived.has(`${id}:2`)))
for (const socket of warmed) socket.destroy()
await mapConcurrently(requestsAtOnce, warm, remove)

await report('one image, at full speed', () => measureOwnImages(Number.POSITIVE_INFINITY))
for (const rate of changesASecond) await report(`one image, ${rate} changes/s`, () => measureOwnImages(rate))
await report('all images', measureAllImages)

/** Prints a row. */
async function report(what: string, round: () => Promise<Round>): Promise<void> {
  const measured: Round[] = []
  for (let number = 0; number < rounds; number++) measured.push(await round())
  const [first] = measured
  const medianOf = (figure: (round: Round) => number) => median(measured.map(figure))
  row(
    what,
    first?.kibAStream ?? Number.NaN,
    String(first?.times.length),
    medianOf(({ cpuMs, times }) => (1000 * cpuMs) / times.length),
    ...[0.5, 0.99].map(share => medianOf(({ times }) => quantile(times, share))),
    medianOf(({ times }) => Math.max(...times)),
  )
}

/** Each stream follows an image of its own. `rate`: changes per second. */
async function measureOwnImages(rate: number): Promise<Round> {
  const numbers = Array.from({ length: streams }, () => ++tasksMade)
  const ids = await mapConcurrently(requestsAtOnce, numbers, createTask)
  const measured = await measure(
    ids.map(id => `/images/${id}/events`),
    async () => {
      const commits: [string, number][] = []
      const startedAt = performance.now()
      const underWay = ids.map(async (id, n) => {
        await delay(Math.max(1, startedAt + (n * 1000) / rate - performance.now()))
        await claim(id)
        commits.push([`${id}:2`, performance.now()])
      })
      await Promise.all(underWay)
      return commits
    },
  )
  await mapConcurrently(requestsAtOnce, ids, remove)
  return measured
}

/** Each stream follows all images. */
function measureAllImages(): Promise<Round> {
  return measure(
    Array.from({ length: streams }, () => '/images/events'),
    async () => {
      const commits: [string, number][] = []
      for (let n = 0; n < changesToAll; n++) {
        const id = await createTask(++tasksMade)
        commits.push([`${id}:1`, performance.now()])
        await until('all streams have it', () => arrived.get(`${id}:1`)?.length === streams)
      }
      return commits
    },
  )
}

/** Opens a stream for each path, and makes the changes. */
async function measure(paths: string[], change: () => Promise<[string, number][]>): Promise<Round> {
  const before = residentMemory(frontend.pid).now
  const sockets = await mapConcurrently(requestsAtOnce, paths, open)
  await until('all streams have begun', () => sockets.every(({ bytesRead }) => bytesRead > 0))
  await delay(10_000) // until garbage of the opening is collected
  const kibAStream = (residentMemory(frontend.pid).now - before) / 1024 / paths.length
  const silentFrom = cpuMs(frontend.pid)
  await delay(silentMs)
  const silentCpu = (cpuMs(frontend.pid) - silentFrom) / silentMs
  arrived.clear()
  const [from, cpuBefore] = [performance.now(), cpuMs(frontend.pid)]
  const commits = await change()
  await until('all have arrived', () => commits.every(([event]) => arrived.has(event)))
  await delay(500)
  const cpu = cpuMs(frontend.pid) - cpuBefore - silentCpu * (performance.now() - from)
  for (const socket of sockets) socket.destroy()
  await delay(10_000)
  const times = commits.flatMap(([event, at]) =>
    (arrived.get(event) ?? []).map(time => Math.max(0, time - at)),
  )
  return { kibAStream, cpuMs: cpu, times }
}

async function open(path: string): Promise<Socket> {
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  let rest = ''
  socket.on('data', chunk => {
    const now = performance.now()
    rest += chunk.toString('latin1')
    const events = rest.split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      const id = /^id: (\S+)$/m.exec(event)?.[1]
      if (id === undefined) continue
      const times = arrived.get(id)
      if (times) times.push(now)
      else arrived.set(id, [now])
    }
  })
  return socket
}

async function createTask(number: number): Promise<string> {
  const id = taskIdOf(number)
  const { status } = await clients.taskDb.putTask({ params: { id }, body: sampleTask })
  if (status !== 201) throw new Error(`a task is answered ${status}`)
  return id
}

async function claim(id: string): Promise<void> {
  const body = { worker: 'bench', leaseMs: 3_600_000 }
  const { status } = await clients.taskDb.claimGivenTask({ params: { id }, body })
  if (status !== 200) throw new Error(`a claim is answered ${status}`)
}

async function remove(id: string): Promise<void> {
  await clients.taskDb.deleteTask({ params: { id } })
}
