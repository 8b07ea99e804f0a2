import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TaskStore } from '../../src/engine/engine.ts'
import { facts, newTask, taskId } from '../sample-tasks.ts'
import { changed } from './open-engine.ts'

/**
 * Both files have the same contents, written by a version before owners: task 1 failed, 2 finished, 3 is in progress,
 * 4 and 5 wait; 1 and 2 have idempotency keys.
 */
export const earlier = (name: string) => join(import.meta.dirname, '..', 'earlier', name)

/** Checks that the store has the file's tasks, and that their idempotency keys belong to tasks without an owner. */
export async function goesOnAsBefore(store: TaskStore): Promise<void> {
  const { tasks } = await store.list({ limit: 10 })
  assert.deepEqual(
    tasks.map(({ id, state, owner }) => [id, state, owner]),
    (['not-started', 'not-started', 'in-progress', 'finished', 'failed'] as const).map((state, n) => [
      taskId(5 - n),
      state,
      undefined,
    ]),
  )
  assert.deepEqual((await store.list({ state: 'finished', limit: 10 })).tasks, [tasks[3]])

  const repeated = await store.create(taskId(10), newTask({ idempotencyKey: 'upload-1' }))
  assert.deepEqual([repeated.isNew, repeated.task.id], [false, taskId(1)])
  const quoted = await store.create(taskId(10), newTask({ idempotencyKey: 'a "key" with \\ and ü' }))
  assert.deepEqual([quoted.isNew, quoted.task.id], [false, taskId(2)])
  const alices = newTask({ owner: 'alice', idempotencyKey: 'upload-1' })
  assert.equal((await store.create(taskId(11), alices)).isNew, true)
  assert.equal((await store.create(taskId(12), alices)).task.id, taskId(11))
  assert.deepEqual(
    (await store.list({ owner: 'alice', limit: 10 })).tasks.map(({ id }) => id),
    [taskId(11)],
  )
  changed(await store.apply(taskId(3), { type: 'finish', token: tasks[2]?.claims ?? 0, result: facts }))
}
