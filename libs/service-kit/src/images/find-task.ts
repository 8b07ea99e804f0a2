import { type Client, type Task, TaskId, type taskDbRoutes } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'

/** Finds a task by an id that a client sent; undefined if there is no such task, or the text can't be an id. */
export async function findTask(
  taskDb: Client<typeof taskDbRoutes>,
  id: string,
  hold: { wait?: number; after?: number; signal?: AbortSignal } = {},
): Promise<Task | undefined> {
  if (!Value.Check(TaskId, id)) return undefined
  const { signal, ...querystring } = hold
  const reply = await taskDb.getTask({ params: { id }, querystring, ...(signal && { signal }) })
  return reply.status === 200 ? reply.body : undefined
}
