import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Task } from '@darkroom/contracts'
import type { TaskStore } from '../../src/engine/engine.ts'
import type { Outcome } from '../../src/event-outcome.ts'
import { type ManualClock, newTask, taskId } from '../sample-tasks.ts'

export type OpenEngine = (t: TestContext, clock: ManualClock) => Promise<TaskStore>

export const leaseMs = 10_000

/** Tasks 1 to `count`, all at once. */
export async function createTasks(store: TaskStore, count: number, maxAttempts = 3): Promise<void> {
  const numbers = Array.from({ length: count }, (_, n) => n + 1)
  await Promise.all(numbers.map(number => store.create(taskId(number), newTask({ maxAttempts }))))
}

export async function claim(store: TaskStore, worker = 'worker-1'): Promise<Task> {
  return (await store.claim(worker, leaseMs)) ?? assert.fail('there was no task to claim')
}

export function changed(outcome: Outcome | undefined): Task {
  if (outcome?.kind !== 'changed') assert.fail(`not changed: ${JSON.stringify(outcome)}`)
  return outcome.task
}

export async function get(store: TaskStore, number: number): Promise<Task> {
  return (await store.get(taskId(number))) ?? assert.fail(`there is no task ${number}`)
}
