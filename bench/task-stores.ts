/**
 * Measures how many tasks per second SQLite and PostgreSQL store: `npm run bench -- task-stores [postgres://…]`. Several
 * callers work at once, like requests; every response waits for the disk.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '@darkroom/service-kit'
import { openTaskStore, type TaskStore } from '@darkroom/task-db/migrate'
import { sampleFacts, sampleTask } from './sample-task.ts'

const callersAtOnce = [1, 16, 256]
const durationMs = 4000

/** The number of this run, so that each run on the same database creates its own tasks. */
const run = Date.now().toString(16).padStart(12, '0')
let created = 0

async function create(store: TaskStore): Promise<boolean> {
  created += 1
  const id = `${run.slice(0, 8)}-${run.slice(8)}-7000-8000-${created.toString(16).padStart(12, '0')}`
  await store.create(id, sampleTask)
  return true
}

async function claimAndFinish(store: TaskStore): Promise<boolean> {
  const task = await store.claim('worker-1', 60_000)
  if (!task) return false
  await store.apply(task.id, { type: 'finish', token: task.claims, result: sampleFacts })
  return true
}

/** Calls per second; ends early when nothing is left to do. */
async function rate(callers: number, work: () => Promise<boolean>): Promise<number> {
  const started = performance.now()
  let count = 0
  const call = async () => {
    while (performance.now() - started < durationMs && (await work())) count += 1
  }
  await Promise.all(Array.from({ length: callers }, call))
  return Math.round((count * 1000) / (performance.now() - started))
}

async function measure(name: string, url: string): Promise<void> {
  const logger = createLogger('measure', 'error')
  const store = await openTaskStore({ url, connections: 10, timeoutMs: 5000, logger })
  for (const callers of callersAtOnce) {
    const creates = await rate(callers, () => create(store))
    const finishes = await rate(callers, () => claimAndFinish(store))
    process.stdout.write(`${name}, ${callers} at once: ${creates} creates/s, ${finishes} claims+finishes/s\n`)
  }
  const started = performance.now()
  for (let n = 0; n < 20; n += 1) await store.stats()
  const { finished } = await store.stats()
  process.stdout.write(
    `${name}: stats ${((performance.now() - started) / 21).toFixed(2)} ms (${finished} finished)\n`,
  )
  await store.close()
}

const folder = mkdtempSync(join(tmpdir(), 'measure-'))
const [postgres] = process.argv.slice(2)
await measure('SQLite', `sqlite:${join(folder, 'tasks.sqlite')}`)
if (postgres !== undefined) await measure('PostgreSQL', postgres)
rmSync(folder, { recursive: true })
