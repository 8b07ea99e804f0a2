import { type Client, hasEnded, type Task, type taskDbRoutes } from '@darkroom/contracts'
import { findTask } from '@darkroom/service-kit/images'

/**
 * The task once it has ended, or as it is after `seconds`; undefined when the task does not exist or was deleted.
 * `lastSeen` saves the first request of a caller who knows the task already.
 */
export async function waitForEnd(
  taskDb: Client<typeof taskDbRoutes>,
  id: string,
  seconds: number,
  signal: AbortSignal,
  lastSeen?: Task,
): Promise<Task | undefined> {
  const deadline = performance.now() + seconds * 1000
  let task = lastSeen ?? (await findTask(taskDb, id))
  while (task && !hasEnded(task) && !signal.aborted) {
    const remaining = (deadline - performance.now()) / 1000
    if (remaining <= 0) break
    const known = task
    task = await findTask(taskDb, id, { wait: remaining, after: known.version, signal }).catch(error => {
      if (signal.aborted) return known
      throw error
    })
  }
  return task
}
