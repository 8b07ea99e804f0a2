import assert from 'node:assert/strict'
import type { Client, NewTask, Task, taskDbRoutes, Work } from '@darkroom/contracts'
import type { HeldLease, WorkQueue } from '../../src/queue/queue.ts'
import { facts } from '../sample-facts.ts'

type TaskDb = Client<typeof taskDbRoutes>

export const never = new AbortController().signal

export async function putTask(taskDb: TaskDb, number: number, given: Partial<NewTask> = {}): Promise<Task> {
  const body: NewTask = {
    state: 'not-started',
    operations: [{ name: 'swap-channels', order: 'bgr' }],
    original: facts,
    maxAttempts: 3,
    ...given,
  }
  const reply = await taskDb.putTask({ params: { id: idOf(number) }, body })
  return reply.status === 201 ? reply.body : assert.fail(`task ${number} was answered ${reply.status}`)
}

export async function taskOf(taskDb: TaskDb, number: number): Promise<Task> {
  const reply = await taskDb.getTask({ params: { id: idOf(number) } })
  return reply.status === 200 ? reply.body : assert.fail(`there is no task ${number}`)
}

export async function nextOf(queue: WorkQueue, waitSeconds = 50): Promise<Work> {
  return (await queue.next('worker', waitSeconds, never)) ?? assert.fail('there was no work')
}

export function leaseOf({ id, lease }: Work): HeldLease {
  return { id, token: lease.token }
}

/** Ids that sort by their numbers, as the ids of arriving images do. */
export function idOf(number: number): string {
  return `01990000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}
