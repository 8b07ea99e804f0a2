import { after, type TestContext } from 'node:test'
import type { NewTask, Task, Work } from '@darkroom/contracts'
import type { WorkQueue } from '../../../src/queue/queue.ts'
import { type Neighbours, startNeighbours } from '../../neighbours.ts'
import { idOf, nextOf, putTask, taskOf } from '../sample-tasks.ts'

/** An empty queue over the task DB of these neighbours; the caller closes it. */
export type OpenQueue = (
  t: TestContext,
  neighbours: Neighbours,
  options: { leaseMs: number },
) => Promise<WorkQueue> | WorkQueue

interface FilledQueue {
  queue: WorkQueue
  addTask(number: number, given?: Partial<NewTask>): Promise<Task>
  taskOf(number: number): Promise<Task>
  deleteTask(number: number): Promise<unknown>
  next(wait?: number): Promise<Work>
}

/** Opens a queue for one test. By default, its leases do not run out. */
export type Open = (t: TestContext, leaseMs?: number) => Promise<FilledQueue>

export const longLeaseMs = 60_000
/** A wait in seconds, long enough for tasks that are in the queue already. */
export const moment = 1
/** A wait in seconds, long enough for tasks that another client adds. */
export const longWait = 50

/** Queues over one task DB, from which the tasks of a test are deleted at its end. */
export async function prepare(openQueue: OpenQueue): Promise<Open> {
  const neighbours = await startNeighbours({ after })
  const { taskDb } = neighbours.clients
  return async (t, leaseMs = longLeaseMs) => {
    const queue = await openQueue(t, neighbours, { leaseMs })
    t.after(async () => {
      await queue.close()
      const { body } = await taskDb.listTasks({ querystring: { limit: 1000 } })
      for (const { id } of body.tasks) await taskDb.deleteTask({ params: { id } })
    })
    return {
      queue,
      async addTask(number, given) {
        const task = await putTask(taskDb, number, given)
        await queue.add(task)
        return task
      },
      taskOf: number => taskOf(taskDb, number),
      deleteTask: number => taskDb.deleteTask({ params: { id: idOf(number) } }),
      next: (wait = moment) => nextOf(queue, wait),
    }
  }
}
