import { type Client, type Task, TaskId, type taskDbRoutes } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'

/** Finds a task by an id that a client sent; undefined if there is no such task, or the text can't be an id. */
export async function findTask(taskDb: Client<typeof taskDbRoutes>, id: string): Promise<Task | undefined> {
  if (!Value.Check(TaskId, id)) return undefined
  const reply = await taskDb.getTask({ params: { id } })
  return reply.status === 200 ? reply.body : undefined
}
