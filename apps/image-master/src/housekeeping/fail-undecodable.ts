import {
  allAbilities,
  type Client,
  problemType,
  type Task,
  type TaskError,
  type taskDbRoutes,
} from '@darkroom/contracts'
import { describeMissing } from '../intake/workers.ts'
import type { WorkQueue } from '../queue/queue.ts'

interface FailDependencies {
  taskDb: Client<typeof taskDbRoutes>
  queue: Pick<WorkQueue, 'fail' | 'returnWork'>
  /** Aborted to end early. */
  signal: AbortSignal
}

const leaseMs = 10_000

/**
 * Fails the waiting images of types that no worker decodes; otherwise they would wait until such a worker starts, perhaps
 * forever, and their client would never get the reason. They can be retried. Returns how many have failed.
 */
export async function failUndecodable(
  types: readonly string[],
  dependencies: FailDependencies,
): Promise<number> {
  if (types.length === 0) return 0
  let count = 0
  let cursor: string | undefined
  do {
    const { body } = await dependencies.taskDb.listTasks({
      querystring: { state: 'not-started', limit: 1000, ...(cursor !== undefined && { cursor }) },
    })
    for (const task of body.tasks.filter(({ original }) => types.includes(original.contentType))) {
      if (dependencies.signal.aborted) return count
      if (await fail(task, types, dependencies)) count += 1
    }
    cursor = body.next
  } while (cursor !== undefined)
  return count
}

/** Only the holder of a lease may fail a task. */
async function fail(
  { id }: Task,
  types: readonly string[],
  { taskDb, queue }: FailDependencies,
): Promise<boolean> {
  const body = { worker: 'image-master', leaseMs, decodes: [...allAbilities] }
  const claimed = await taskDb.claimGivenTask({ params: { id }, body })
  if (claimed.status !== 200) return false // it was claimed or deleted in the meantime
  const lease = { id: claimed.body.id, token: claimed.body.claims }
  const { contentType } = claimed.body.original
  if (types.includes(contentType)) return (await queue.fail(lease, errorOf(contentType), false)) === 'done'
  // A more urgent image of the owner was claimed instead, and can be decoded.
  await queue.returnWork(lease)
  return false
}

function errorOf(contentType: string): TaskError {
  const detail = `${describeMissing(contentType)}; then retry the image`
  return { type: problemType('not-decodable'), title: 'No worker decodes this type', detail }
}
