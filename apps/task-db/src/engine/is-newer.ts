import type { Task } from '@darkroom/contracts'

/** Whether this is a later version of a task. A renewal keeps the version and only extends the lease. */
export function isNewer(task: Task, known: Task): boolean {
  if (task.version !== known.version) return task.version > known.version
  return (task.lease?.expiresAt ?? '') > (known.lease?.expiresAt ?? '')
}
