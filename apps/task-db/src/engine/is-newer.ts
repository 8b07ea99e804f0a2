import type { Task } from '@darkroom/contracts'

/**
 * Whether this is a later version of a task. Two changes keep the version: a renewal, which extends the lease, and a
 * change of the notice, whose token grows.
 */
export function isNewer(task: Task, known: Task): boolean {
  if (task.version !== known.version) return task.version > known.version
  const [token = 0, knownToken = 0] = [task.callback?.token, known.callback?.token]
  if (token !== knownToken) return token > knownToken
  return (task.lease?.expiresAt ?? '') > (known.lease?.expiresAt ?? '')
}
