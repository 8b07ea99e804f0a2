import type { Task } from '@darkroom/contracts'
import { mapConcurrently, type ServiceClients } from '@darkroom/service-kit'

const pageSize = 200
const retriesAtOnce = 16
/** After this time, a request ends. Its response contains the cursor with which the next request continues. */
const maxMs = 20_000

export interface RetryFilters {
  type?: string | undefined
  owner?: string | undefined
  since?: string | undefined
  preset?: string | undefined
}

/**
 * Retries the failed images that match, newest first: at most `limit` images and one page more. Each image is retried at
 * most once, even if it fails again meanwhile. `next` is absent when all images were visited.
 * With `isCountOnly`, it retries nothing, and `retried` is how many it would retry.
 */
export async function retryMany(
  taskDb: ServiceClients['taskDb'],
  { type, ...filters }: RetryFilters,
  {
    limit,
    cursor,
    isCountOnly = false,
  }: { limit: number; cursor?: string | undefined; isCountOnly?: boolean },
): Promise<{ retried: number; next?: string }> {
  const deadline = performance.now() + maxMs
  const querystring = { ...given(filters), state: 'failed', limit: Math.min(pageSize, limit) } as const
  let next = cursor
  let retried = 0
  do {
    const { body } = await taskDb.listTasks({ querystring: { ...querystring, ...given({ cursor: next }) } })
    const matching = body.tasks.filter(({ error }) => type === undefined || error?.type === type)
    retried += isCountOnly ? matching.length : await retryAll(taskDb, matching)
    next = body.next
  } while (next !== undefined && retried < limit && performance.now() < deadline)
  return { retried, ...given({ next }) }
}

async function retryAll(taskDb: ServiceClients['taskDb'], tasks: Task[]): Promise<number> {
  const replies = await mapConcurrently(retriesAtOnce, tasks, ({ id }) =>
    taskDb.retryTask({ params: { id } }),
  )
  // Any other status: the task was deleted, or another caller retried it.
  return replies.filter(({ status }) => status === 200).length
}

function given<Value>(values: Record<string, Value | undefined>): Record<string, Value> {
  const entries = Object.entries(values).filter((entry): entry is [string, Value] => entry[1] !== undefined)
  return Object.fromEntries(entries)
}
