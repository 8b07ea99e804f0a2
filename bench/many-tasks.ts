/**
 * Measures whether a store slows down as its tasks grow: claims, a page of a listing, and counts, with 1 000 tasks that
 * wait and 1 000 that are finished, and with a million of each. The stores are measured in turn, so that other load on
 * the machine affects both.
 *
 *     npm run bench -- many-tasks [tasks] [rounds]
 */
import { leastIdSince, type Task } from '@darkroom/contracts'
import { createLogger } from '@darkroom/service-kit'
import { openTaskStore, type TaskStore } from '@darkroom/task-db/migrate'
import { findEngine, startPostgres, temporaryFolder } from '@darkroom/testing'
import { report } from './comparison.ts'
import { median, row, table } from './measure.ts'
import { Owner } from './owner.ts'
import { sampleFacts, sampleTask } from './sample-task.ts'

const [many = 1_000_000, rounds = 200] = process.argv.slice(2).map(Number)
const few = 1000
const restoredAtOnce = 1000
await using owner = new Owner()

const operations: Readonly<Record<string, (store: TaskStore) => Promise<unknown>>> = {
  claim: async store => {
    if (!(await store.claim('worker-1', 60_000))) throw new Error('no task waits; measure fewer rounds')
  },
  'a page of the finished': store => store.list({ state: 'finished', limit: 100 }),
  'counts by state': store => store.stats(),
}

/** Copies a task that waits and a finished task until the store has `count` of each. */
async function fill(store: TaskStore, count: number): Promise<void> {
  const begun = Date.now()
  await store.create(leastIdSince(begun), sampleTask)
  const claimed = await store.claim('worker-1', 60_000)
  if (!claimed) throw new Error('the task that was created cannot be claimed')
  await store.apply(claimed.id, { type: 'finish', token: claimed.claims, result: sampleFacts })
  await store.create(leastIdSince(begun + 1), sampleTask)
  const [finished, waiting] = await Promise.all([
    store.get(leastIdSince(begun)),
    store.get(leastIdSince(begun + 1)),
  ])
  if (!finished || !waiting) throw new Error('the tasks that were created are missing')
  for (let made = 1; made < count; made += restoredAtOnce) {
    const numbers = Array.from({ length: Math.min(restoredAtOnce, count - made) }, (_, at) => made + at)
    const copies = numbers.flatMap((number): Task[] => [
      { ...finished, id: leastIdSince(begun + 2 * number) },
      { ...waiting, id: leastIdSince(begun + 2 * number + 1) },
    ])
    await store.restore(copies)
  }
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

async function measureInTurn(engine: string, urls: readonly [string, string]): Promise<void> {
  const logger = createLogger('bench', 'error')
  const open = (url: string) => openTaskStore({ url, connections: 10, timeoutMs: 60_000, logger })
  const [small, large] = await Promise.all([open(urls[0]), open(urls[1])])
  await fill(small, few)
  await fill(large, many)
  for (const [name, run] of Object.entries(operations)) {
    const times: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round += 1) {
      times[0].push(await milliseconds(() => run(small)))
      times[1].push(await milliseconds(() => run(large)))
    }
    const [ofFew, ofMany] = [median(times[0]), median(times[1])]
    row(engine, name, ofFew, ofMany, `**${(ofMany / ofFew).toFixed(2)}**`)
    const beside = { name: `${few} of each`, figure: ofFew }
    report({
      what: `${name}, ${many} tasks of each state, ${engine}`,
      figure: 'ms',
      darkroom: ofMany,
      beside,
    })
  }
  await Promise.all([small.close(), large.close()])
}

table(
  `One call at a time; medians of ${rounds} in turn.`,
  'engine',
  'operation',
  `${few} tasks of each state, ms`,
  `${many} of each, ms`,
  'ratio',
)
const folder = temporaryFolder(owner)
await measureInTurn('SQLite', [`sqlite:${folder}/few.sqlite`, `sqlite:${folder}/many.sqlite`])
const program = findEngine('postgres')
if (program) {
  const postgres = await startPostgres(owner, program)
  await measureInTurn('PostgreSQL', [postgres.createDatabase('few'), postgres.createDatabase('many')])
}
