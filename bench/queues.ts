/**
 * Measures how many tasks a second pass through one master, from the claim to the end, on each queue. The workers only
 * report and take the next task. Each service is a separate process on this machine. For comparison, BullMQ alone runs
 * empty jobs on the same Redis, which syncs every write. The rounds alternate, so that other load on the machine affects
 * all sides.
 *
 *     npm run bench -- queues [tasks] [workers] [rounds]
 */
import { loadavg } from 'node:os'
import { after, type TestContext, test } from 'node:test'
import type { Task, Work } from '@darkroom/contracts'
import { mapConcurrently } from '@darkroom/service-kit'
import {
  findEngine,
  freePortRange,
  startRedis,
  startService,
  temporaryFolder,
  until,
} from '@darkroom/testing'
import { Queue, Worker } from 'bullmq'
import { request } from 'undici'
import { describeMachine } from './measure.ts'
import { cpuMs } from './process-figures.ts'
import { sampleFacts, sampleTask, taskIdOf } from './sample-task.ts'

const [tasks = 2000, workers = 16, rounds = 3] = process.argv.slice(2).map(Number)
const owner = { after }
const redisProgram = findEngine('redis')

interface Figures {
  tasksPerSecond: number
  /** Milliseconds per task, for each process. */
  cpuMs: Record<string, number>
}

async function ask<Body>(url: string, body?: unknown): Promise<Body | undefined> {
  const headers = { 'content-type': 'application/json' }
  const post = { method: 'POST', headers, body: JSON.stringify(body) } as const
  const reply = await request(url, body === undefined ? {} : post)
  const text = await reply.body.text()
  if (reply.statusCode >= 300) throw new Error(`${url} answered ${reply.statusCode}: ${text}`)
  return text === '' ? undefined : (JSON.parse(text) as Body)
}

/** Makes the tasks, waits until the queue has them all, and times the workers until no task is left. */
async function measure(t: TestContext, queueUrl: string, redisPid: number): Promise<Figures> {
  const kvPort = String(await freePortRange(1))
  const env = {
    KV_URL: `http://127.0.0.1:${kvPort}`,
    DATA_DIR: temporaryFolder(t),
    QUEUE_URL: queueUrl,
    MIN_FREE_BYTES: '0',
    LOG_LEVEL: 'error',
    RECONCILE_MS: '200',
  }
  await startService(t, 'kv-config', { ...env, PORT: kvPort })
  const taskDb = await startService(t, 'task-db', env)
  await startService(t, 'storage', env)
  const ids = Array.from({ length: tasks }, (_, n) => taskIdOf(n))
  await mapConcurrently(workers, ids, id => ask<Task>(`${taskDb.url}/tasks/${id}`, sampleTask))
  const master = await startService(t, 'image-master', env)
  await until('all are queued', async () => {
    if (!queueUrl.startsWith('redis')) return true
    const text = await (await fetch(`${master.url}/metrics`)).text()
    return text.includes(`darkroom_queue_jobs{state="prioritized"} ${tasks}`)
  })
  const processes = { master: master.pid, 'task-db': taskDb.pid, redis: redisPid, client: process.pid }
  const cpuBefore = cpuMsOf(processes)
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: workers }, () => workUntilEmpty(master.url)))
  const tasksPerSecond = tasks / ((performance.now() - startedAt) / 1000)
  const cpu = cpuMsPerTask(processes, cpuBefore)
  const counts = await ask<{ finished: number }>(`${taskDb.url}/stats`)
  if (counts?.finished !== tasks) throw new Error(`not all tasks finished: ${JSON.stringify(counts)}`)
  return { tasksPerSecond, cpuMs: cpu }
}

async function workUntilEmpty(master: string): Promise<void> {
  let work = await ask<Work>(`${master}/getWork?worker=bench&wait=1`)
  while (work) {
    const report = { id: work.id, lease: work.lease.token, result: sampleFacts, next: { worker: 'bench' } }
    work = await ask<Work>(`${master}/workFinished`, report)
  }
}

/** Jobs a second of BullMQ alone, with as many at once as there are workers. */
async function measureBullMq(redisUrl: string, redisPid: number): Promise<Figures> {
  const { hostname: host, port, pathname } = new URL(redisUrl)
  const connection = { host, port: Number(port), db: Number(pathname.slice(1)), maxRetriesPerRequest: null }
  const queue = new Queue('noop', { connection })
  await queue.addBulk(Array.from({ length: tasks }, (_, n) => ({ name: 'noop', data: { id: taskIdOf(n) } })))
  const processes = { redis: redisPid, 'this one': process.pid }
  const cpuBefore = cpuMsOf(processes)
  const startedAt = performance.now()
  const worker = new Worker('noop', async () => undefined, { connection, concurrency: workers })
  await new Promise(resolve => worker.on('drained', () => void resolve(undefined)))
  const tasksPerSecond = tasks / ((performance.now() - startedAt) / 1000)
  const cpu = cpuMsPerTask(processes, cpuBefore)
  await worker.close()
  await queue.close()
  return { tasksPerSecond, cpuMs: cpu }
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
  return `${name.padEnd(10)} ${tasksPerSecond.toFixed(0).padStart(6)} tasks/s   CPU ms a task: ${cpu.join(', ')}`
}

await test('queues', async t => {
  if (redisProgram === undefined) throw new Error('redis-server is not installed')
  const redis = await startRedis(owner, redisProgram, '--appendfsync', 'always')
  print(`${tasks} tasks, ${workers} workers; ${describeMachine()}`)
  const figures: Record<string, Figures[]> = { 'task-db:': [], 'redis://': [], BullMQ: [] }
  for (let round = 0; round < rounds; round++) {
    for (const [name, each] of Object.entries(figures)) {
      await t.test(`${name} ${round}`, async t => {
        const { pid } = redis.program
        const measured =
          name === 'BullMQ'
            ? await measureBullMq(redis.urlOf(round + rounds), pid)
            : await measure(t as TestContext, name === 'task-db:' ? name : redis.urlOf(round), pid)
        each.push(measured)
        print(`${row(name, measured)}   (load ${loadavg()[0]?.toFixed(1)})`)
      })
    }
  }
  print('medians')
  for (const [name, each] of Object.entries(figures)) {
    const [middle] = each.toSorted((a, b) => a.tasksPerSecond - b.tasksPerSecond).slice(rounds >> 1)
    if (middle) print(row(name, middle))
  }
})
