import { type Client, hasEnded, type Task, type taskDbRoutes } from '@darkroom/contracts'
import { findTask } from '@darkroom/service-kit/images'

/**
 * The task once it has ended, or as it is after `seconds`; undefined when the task was deleted
 * meanwhile.
 */
export async function waitForEnd(
  taskDb: Client<typeof taskDbRoutes>,
  lastSeen: Task,
  seconds: number,
  signal: AbortSignal,
): Promise<Task | undefined> {
  const deadline = performance.now() + seconds * 1000
  let task: Task | undefined = lastSeen
  while (task && !hasEnded(task) && !signal.aborted) {
    const remaining = (deadline - performance.now()) / 1000
    if (remaining <= 0) break
    const known: Task = task
    task = await findTask(taskDb, known.id, { wait: remaining, after: known.version, signal }).catch(
      error => {
        if (signal.aborted) return known
        throw error
      },
    )
  }
  return task
}
