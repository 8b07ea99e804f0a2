/**
 * Measures how many tasks a second pass through one master, from the claim to the end, on each queue. The workers only
 * report and take the next task. The services run as separate processes, and together in one process as with `npm start`,
 * with their usual settings. For comparison, BullMQ alone runs empty jobs on the same Redis, which syncs every write. The
 * rounds alternate, so that other load on the machine affects all sides; the first round of each side only warms it up, and
 * does not count.
 *
 *     npm run bench -- queues [tasks] [workers] [rounds]
 */
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Task, Work } from '@darkroom/contracts'
import { mapConcurrently } from '@darkroom/service-kit'
import {
  findEngine,
  freePort,
  missingEngineMessage,
  startProgram,
  startRedis,
  startService,
  temporaryFolder,
  until,
  untilAlive,
} from '@darkroom/testing'
import { Queue, Worker } from 'bullmq'
import { request } from 'undici'
import { report } from './comparison.ts'
import { describeMachine } from './measure.ts'
import { Owner } from './owner.ts'
import { cpuMs } from './process-figures.ts'
import { sampleFacts, sampleTask, taskIdOf } from './sample-task.ts'

const [tasks = 2000, workers = 16, rounds = 3] = process.argv.slice(2).map(Number)

await using owner = new Owner()

interface Figures {
  tasksPerSecond: number
  /** Milliseconds per task, for each process. */
  cpuMs: Record<string, number>
}

/** Runs one round, and measures it. */
type Round = (firstTask: number) => Promise<Figures>

const redisProgram = findEngine('redis')
if (redisProgram === undefined) throw new Error(missingEngineMessage('redis'))
const redis = await startRedis(owner, redisProgram, '--appendfsync', 'always')
print(`${tasks} tasks, ${workers} workers; ${describeMachine()}`)
const sides: [name: string, round: Round, figures: Figures[]][] = [
  ['task-db:, separate', await startDarkroom(startSeparately, 'task-db:'), []],
  ['redis://, separate', await startDarkroom(startSeparately, redis.urlOf(0)), []],
  ['task-db:, together', await startDarkroom(startTogether, 'task-db:'), []],
  ['redis://, together', await startDarkroom(startTogether, redis.urlOf(1)), []],
  ['BullMQ alone', await startBullMq(redis.urlOf(2)), []],
]
for (let number = 0; number <= rounds; number++) {
  for (const [name, round, figures] of sides) {
    const measured = await round(number * tasks)
    if (number === 0) continue
    figures.push(measured)
    print(`${row(name, measured)}   (load ${loadavg()[0]?.toFixed(1)})`)
  }
}
print('medians')
const middles = sides.map(([name, , figures]) => {
  const [middle] = figures.toSorted((a, b) => a.tasksPerSecond - b.tasksPerSecond).slice(rounds >> 1)
  if (!middle) throw new Error(`${name} was not measured`)
  print(row(name, middle))
  return { name, figure: middle.tasksPerSecond }
})
const [bullMq] = middles.splice(-1)
for (const { name, figure } of middles)
  report({
    what: `no-op tasks, ${name}`,
    figure: 'tasks/s',
    darkroom: figure,
    ...(bullMq && { beside: bullMq }),
  })

async function ask<Body>(url: string, body?: unknown): Promise<Body | undefined> {
  const headers = { 'content-type': 'application/json' }
  const post = { method: 'POST', headers, body: JSON.stringify(body) } as const
  const reply = await request(url, body === undefined ? {} : post)
  const text = await reply.body.text()
  if (reply.statusCode >= 300) throw new Error(`${url} answered ${reply.statusCode}: ${text}`)
  return text === '' ? undefined : (JSON.parse(text) as Body)
}

interface Services {
  taskDb: string
  master: string
  processes: Readonly<Record<string, number>>
}

/** Starts each service as a separate process. */
async function startSeparately(settings: Readonly<Record<string, string>>): Promise<Services> {
  const kvPort = String(await freePort())
  const env = { ...settings, KV_URL: `http://127.0.0.1:${kvPort}` }
  await startService(owner, 'kv-config', { ...env, PORT: kvPort })
  const taskDb = await startService(owner, 'task-db', env)
  await startService(owner, 'storage', env)
  const master = await startService(owner, 'image-master', env)
  return {
    ...{ taskDb: taskDb.url, master: master.url },
    processes: { master: master.pid, 'task-db': taskDb.pid },
  }
}

/** Starts the services in one process. */
async function startTogether(settings: Readonly<Record<string, string>>): Promise<Services> {
  const main = fileURLToPath(import.meta.resolve('./services-in-one-process.ts'))
  const program = startProgram(owner, [process.execPath, main], settings)
  await untilAlive('the services', program, () => program.stdout.includes('\n'))
  const { taskDb, master } = JSON.parse(program.stdout)
  return { taskDb, master, processes: { services: program.pid } }
}

/** A round makes the tasks, waits until the queue has them all, and times the workers. */
async function startDarkroom(start: typeof startTogether, queueUrl: string): Promise<Round> {
  const { taskDb, master, processes } = await start({
    DATA_DIR: temporaryFolder(owner),
    QUEUE_URL: queueUrl,
    MIN_FREE_BYTES: '0',
    LOG_LEVEL: 'error',
  })
  const measured = {
    ...processes,
    ...(isRedis(queueUrl) && { redis: redis.program.pid }),
    client: process.pid,
  }
  return async firstTask => {
    const ids = Array.from({ length: tasks }, (_, n) => taskIdOf(firstTask + n))
    await mapConcurrently(workers, ids, id => ask<Task>(`${taskDb}/tasks/${id}`, sampleTask))
    await until('all are queued', async () => {
      if (!isRedis(queueUrl)) return true
      const text = await (await fetch(`${master}/metrics`)).text()
      return text.includes(`darkroom_queue_jobs{state="prioritized"} ${tasks}`)
    })
    const before = await ask<{ finished: number }>(`${taskDb}/stats`)
    const figures = await time(measured, () =>
      Promise.all(Array.from({ length: workers }, () => workUntilEmpty(master))),
    )
    const after = await ask<{ finished: number }>(`${taskDb}/stats`)
    const finished = Number(after?.finished) - Number(before?.finished)
    if (finished !== tasks) throw new Error(`not all tasks finished: ${finished} of ${tasks}`)
    return figures
  }
}

function isRedis(queueUrl: string): boolean {
  return queueUrl.startsWith('redis')
}

async function workUntilEmpty(master: string): Promise<void> {
  let work = await ask<Work>(`${master}/getWork?worker=bench&wait=1`)
  while (work) {
    const report = { id: work.id, lease: work.lease.token, result: sampleFacts, next: { worker: 'bench' } }
    work = await ask<Work>(`${master}/workFinished`, report)
  }
}

/** BullMQ alone, with as many jobs at once as there are workers. */
async function startBullMq(redisUrl: string): Promise<Round> {
  const { hostname: host, port, pathname } = new URL(redisUrl)
  const connection = { host, port: Number(port), db: Number(pathname.slice(1)), maxRetriesPerRequest: null }
  const queue = new Queue('noop', { connection })
  owner.after(() => queue.close())
  const processes = { redis: redis.program.pid, client: process.pid }
  return async firstTask => {
    const jobs = Array.from({ length: tasks }, (_, n) => ({
      name: 'noop',
      data: { id: taskIdOf(firstTask + n) },
    }))
    await queue.addBulk(jobs)
    let worker: Worker | undefined
    const figures = await time(processes, async () => {
      worker = new Worker('noop', async () => undefined, { connection, concurrency: workers })
      await once(worker, 'drained')
    })
    await worker?.close()
    return figures
  }
}

/** Times the work of all tasks, and measures the CPU time of the processes. */
async function time(processes: Record<string, number>, work: () => Promise<unknown>): Promise<Figures> {
  const cpuBefore = cpuMsOf(processes)
  const startedAt = performance.now()
  await work()
  const tasksPerSecond = tasks / ((performance.now() - startedAt) / 1000)
  return { tasksPerSecond, cpuMs: cpuMsPerTask(processes, cpuBefore) }
}

function cpuMsOf(processes: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(processes).map(([name, pid]) => [name, cpuMs(pid)]))
}

/** The CPU time of each process since `before`, per task. */
function cpuMsPerTask(
  processes: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Record<string, number> {
  const now = Object.entries(cpuMsOf(processes))
  return Object.fromEntries(now.map(([name, ms]) => [name, (ms - (before[name] ?? 0)) / tasks]))
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function row(name: string, { tasksPerSecond, cpuMs }: Figures): string {
  const cpu = Object.entries(cpuMs).map(([process, ms]) => `${process} ${ms.toFixed(2)}`)
  return `${name.padEnd(18)} ${tasksPerSecond.toFixed(0).padStart(6)} tasks/s   CPU ms a task: ${cpu.join(', ')}`
}
