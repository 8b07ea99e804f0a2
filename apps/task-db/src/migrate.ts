import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Task } from '@darkroom/contracts'
import type { TaskStore } from './engine/engine.ts'
import { isNewer } from './engine/is-newer.ts'
import { MigrationIncomplete } from './migration-incomplete.ts'

export type { TaskStore } from './engine/engine.ts'
export { openTaskStore, storeUrlPattern } from './engine/open-store.ts'
export { MigrationIncomplete }

interface TaskMigration {
  /** No other process may use it meanwhile. */
  from: TaskStore
  to: TaskStore
  /** Ends the migration after the current page. The copied tasks stay. */
  signal: AbortSignal
  onProgress(progress: { phase: 'copying' | 'verifying'; done: number; total: number }): void
}

interface MigratedTasks {
  /** All tasks of the source; the target has each of them now. */
  tasks: number
  /** How many of these the target did not have before, or had in an older version. */
  copied: number
  /** How many of these the target has in a later version since an earlier run; they stay as they are. */
  newer: number
  /** Tasks of the target that the source never had. */
  others: number
  /** SHA-256 of all documents except newer documents, newest first; the same in both stores. */
  digest: string
}

/** How many documents are in memory at once; a page is one transaction of the target. */
const pageSize = 500

/**
 * Copies tasks unchanged: ids, states, leases, fencing tokens, versions, idempotency keys. It can be interrupted and
 * started again: copied tasks stay, and newer tasks are not overwritten. Finally it reads both stores from end to end
 * and compares every document.
 *
 * @throws MigrationIncomplete; the signal's reason
 */
export async function migrateTasks({ from, to, signal, onProgress }: TaskMigration): Promise<MigratedTasks> {
  const { oldestNotStartedAt: _, ...counts } = await from.stats()
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  let copied = 0
  let done = 0
  for await (const tasks of pagesOf(from)) {
    signal.throwIfAborted()
    copied += await to.restore(tasks)
    done += tasks.length
    onProgress({ phase: 'copying', done, total })
  }
  const verified = await verify(from, to, done => {
    signal.throwIfAborted()
    onProgress({ phase: 'verifying', done, total })
  })
  if (verified.tasks !== total)
    throw new MigrationIncomplete(
      `the source has ${total} tasks, but ${verified.tasks} were found while verifying`,
    )
  return { copied, ...verified }
}

/** Reads both stores, newest task first, and compares them as a merge of two sorted lists does. */
async function verify(from: TaskStore, to: TaskStore, onPage: (done: number) => void) {
  const found = { tasks: 0, newer: 0, others: 0 }
  const [ours, theirs] = [createHash('sha256'), createHash('sha256')]
  const others = tasksOf(to)
  let other = await others.next()
  for await (const page of pagesOf(from)) {
    for (const task of page) {
      for (; !other.done && other.value.id > task.id; other = await others.next()) found.others += 1
      const copy = !other.done && other.value.id === task.id ? other.value : undefined
      if (!copy) throw new MigrationIncomplete(`the task ${task.id} is missing`)
      if (isNewer(copy, task)) found.newer += 1
      else if (!isDeepStrictEqual(copy, task))
        throw new MigrationIncomplete(`the task ${task.id} is different in the target`)
      else {
        ours.update(JSON.stringify(task))
        theirs.update(JSON.stringify(copy))
      }
      found.tasks += 1
      other = await others.next()
    }
    onPage(found.tasks)
  }
  for (; !other.done; other = await others.next()) found.others += 1
  const digest = ours.digest('hex')
  if (theirs.digest('hex') !== digest) throw new MigrationIncomplete('the digests of all documents differ')
  return { ...found, digest }
}

async function* tasksOf(store: TaskStore): AsyncGenerator<Task, undefined> {
  for await (const page of pagesOf(store)) yield* page
}

async function* pagesOf(store: TaskStore): AsyncGenerator<Task[]> {
  let cursor: string | undefined
  do {
    const { tasks, next } = await store.list({ limit: pageSize, cursor })
    yield tasks
    cursor = next
  } while (cursor !== undefined)
}
