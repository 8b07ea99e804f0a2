import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import {
  findEngine,
  freePort,
  generateImage,
  httpRequest,
  missingEngineMessage,
  type Program,
  residentMemory,
  startPostgres,
  startRedis,
  startService,
  temporaryFolder,
  until,
} from '@darkroom/testing'
import { Agent, request } from 'undici'
import { describeMachine } from './measure.ts'
import { Owner } from './owner.ts'
import { loadPhotographs } from './photographs.ts'
import { cpuMs, processTree } from './process-figures.ts'

/**
 * Measures the cost of an image for each service and engine, each in its own process, for the calculation in
 * docs/growing.md. The queue is on Redis, tasks are on PostgreSQL, bytes and keys on the embedded engines.
 */
const waitingImages = 3000
const smallImages = 1500
const photographs = 120
const clients = 16

await using owner = new Owner()
const engines = { redis: requireEngine('redis'), postgres: requireEngine('postgres') }
const redis = await startRedis(owner, engines.redis, '--appendfsync', 'everysec')
const postgres = await startPostgres(owner, engines.postgres)
const kvUrl = `http://127.0.0.1:${await freePort()}`
const environment = {
  KV_URL: kvUrl,
  CLUSTER_TOKEN: randomUUID(),
  DATA_DIR: temporaryFolder(owner),
  QUEUE_URL: redis.urlOf(0),
  TASK_STORE_URL: postgres.url,
  MAX_QUEUED: '1000000',
}
const processes: Record<string, Program> = { redis: redis.program, postgres: postgres.program }
for (const name of ['kv-config', 'task-db', 'storage', 'image-master', 'frontend'])
  processes[name] = await startOne(name)
const frontend = await until('the frontend is found', async () => {
  const { url } = processes.frontend as Program & { url: string }
  return (await httpRequest(url, '/readyz')).status === 200 && url
})
const dispatcher = new Agent({ connections: clients })
owner.after(() => dispatcher.destroy())

const small = await generateImage({ kind: 'png', width: 64, height: 48, seed: 1 })
const before = { redis: await redisBytes(), postgres: await postgresBytes() }
const accepting = await measure(waitingImages, () => upload(small))
const perWaiting = {
  redis: ((await redisBytes()) - before.redis) / waitingImages,
  postgres: ((await postgresBytes()) - before.postgres) / waitingImages,
}

processes['image-worker'] = await startOne('image-worker')
await until('the queue is empty', async () => (await waitingCount()) === 0, 600_000)
const smallFigures = await measure(smallImages, () => developAndFetch(small))
const photographFiles = await loadPhotographs()
const bytes = photographFiles.map(file => file.bytes)
const photographFigures = await measure(photographs, index =>
  developAndFetch(bytes[index % bytes.length] as Buffer),
)
process.stdout.write(report())

interface Figures {
  perSecond: number
  /** CPU time of each process, per image. */
  cpuMs: Record<string, number>
}

/** Calls a function `count` times, from several clients at once. */
async function measure(count: number, action: (index: number) => Promise<void>): Promise<Figures> {
  const cpuBefore = cpuOfAll()
  const begunAt = performance.now()
  let next = 0
  const client = async () => {
    for (let index = next++; index < count; index = next++) await action(index)
  }
  await Promise.all(Array.from({ length: clients }, client))
  const perSecond = (count * 1000) / (performance.now() - begunAt)
  const used = Object.entries(cpuOfAll()).map(([name, ms]) => [name, (ms - (cpuBefore[name] ?? 0)) / count])
  return { perSecond, cpuMs: Object.fromEntries(used) }
}

function cpuOfAll(): Record<string, number> {
  const sums = Object.entries(processes).map(([name, { pid }]) => {
    return [name, processTree(pid).reduce((sum, each) => sum + cpuMs(each), 0)]
  })
  return Object.fromEntries(sums)
}

async function upload(image: Buffer): Promise<void> {
  const reply = await request(`${frontend}/images`, { dispatcher, method: 'POST', body: image })
  if (reply.statusCode !== 202) throw new Error(`upload: ${reply.statusCode} ${await reply.body.text()}`)
  await reply.body.dump()
}

/** Like a client that waits: two requests. */
async function developAndFetch(image: Buffer): Promise<void> {
  const reply = await request(`${frontend}/images`, {
    dispatcher,
    method: 'POST',
    body: image,
    headers: { prefer: 'wait=50' },
  })
  const status = (await reply.body.json()) as { state: string; links: { result: string } }
  if (status.state !== 'finished') throw new Error(`not finished: ${JSON.stringify(status)}`)
  const result = await request(frontend + status.links.result, { dispatcher })
  await result.body.dump({ limit: Number.MAX_SAFE_INTEGER })
}

async function waitingCount(): Promise<number> {
  const { url } = processes['task-db'] as Program & { url: string }
  const headers = { authorization: `Bearer ${environment.CLUSTER_TOKEN}` }
  const stats = (await httpRequest(url, '/stats', { headers })).json()
  return Number(stats['not-started']) + Number(stats['in-progress'])
}

function startOne(name: string) {
  const place = name === 'kv-config' ? { PORT: new URL(kvUrl).port } : {}
  return startService(owner, name, { ...environment, ...place })
}

async function redisBytes(): Promise<number> {
  const { port } = new URL(redis.urlOf(0))
  const { stdout } = await promisify(execFile)('redis-cli', ['-p', port, 'info', 'memory'])
  return Number(/used_memory:(\d+)/.exec(stdout)?.[1])
}

async function postgresBytes(): Promise<number> {
  const query = 'SELECT pg_database_size(current_database())'
  const { stdout } = await promisify(execFile)('psql', ['-At', '-c', query, postgres.url])
  return Number(stdout)
}

function requireEngine(name: 'redis' | 'postgres'): string {
  const program = findEngine(name)
  if (program === undefined) throw new Error(missingEngineMessage(name))
  return program
}

function report(): string {
  const rows = Object.entries(processes).map(([name, { pid }]) => {
    const cells = [accepting, smallFigures, photographFigures].map(({ cpuMs }) =>
      (cpuMs[name] ?? 0).toFixed(2),
    )
    const peakBytes = processTree(pid).reduce((sum, each) => sum + residentMemory(each).peak, 0)
    return `| ${name} | ${cells.join(' | ')} | ${(peakBytes / 1024 ** 2).toFixed(0)} |`
  })
  const rates = [accepting, smallFigures, photographFigures].map(({ perSecond }) => perSecond.toFixed(1))
  const mean = bytes.reduce((sum, { length }) => sum + length, 0) / bytes.length
  return `
${describeMachine()}; ${clients} clients on the same machine

| CPU ms per image | accepted | small, all of it | photograph, all of it | peak MiB |
|---|---|---|---|---|
${rows.join('\n')}
| images/s | ${rates.join(' | ')} | |

A waiting task takes ${perWaiting.redis.toFixed(0)} bytes in Redis and ${perWaiting.postgres.toFixed(0)} in PostgreSQL (with indexes).
Photographs: ${photographFiles.length}, ${(mean / 1e6).toFixed(2)} MB on average.
`
}
