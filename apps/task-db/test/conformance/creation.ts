import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, newTask, taskId } from '../sample-tasks.ts'
import { claim, type OpenEngine } from './open-engine.ts'

export function creationIsIdempotent(openEngine: OpenEngine): void {
  const clock = new ManualClock()

  test('a new task is not started, and is stored as given', async t => {
    const store = await openEngine(t, clock)
    const given = newTask({ idempotencyKey: 'upload-1' })
    const { isNew, task } = await store.create(taskId(1), given)
    assert.equal(isNew, true)
    assert.deepEqual(task, {
      ...given,
      id: taskId(1),
      version: 1,
      urgency: 3,
      attempts: 0,
      claims: 0,
      createdAt: clock.now().toISOString(),
    })
    assert.deepEqual(await store.get(taskId(1)), task)
  })

  test('a task is created only from the allowed fields', async t => {
    const store = await openEngine(t, clock)
    const surplus = { id: taskId(2), version: 7, attempts: -5, claims: 9, finishedAt: 'never', lease: {} }
    const { task } = await store.create(taskId(1), { ...surplus, ...newTask() })
    assert.deepEqual([task.id, task.version, task.attempts, task.claims], [taskId(1), 1, 0, 0])
    assert.deepEqual([task.finishedAt, task.lease], [undefined, undefined])
    assert.equal(await store.get(taskId(2)), undefined)
  })

  test('a missing task is undefined', async t => {
    const store = await openEngine(t, clock)
    assert.equal(await store.get(taskId(1)), undefined)
    assert.equal(await store.apply(taskId(1), { type: 'return', token: 1 }), undefined)
    assert.equal(await store.delete(taskId(1)), false)
  })

  test('creating a task again returns its present state', async t => {
    const store = await openEngine(t, clock)
    await store.create(taskId(1), newTask())
    const claimed = await claim(store)
    const again = await store.create(taskId(1), newTask({ maxAttempts: 9 }))
    assert.deepEqual(again, { isNew: false, task: claimed })
  })

  test('a known idempotency key returns the task that has it', async t => {
    const store = await openEngine(t, clock)
    const { task } = await store.create(taskId(1), newTask({ idempotencyKey: 'schlüssel 🔑' }))
    const again = await store.create(taskId(2), newTask({ idempotencyKey: 'schlüssel 🔑' }))
    assert.deepEqual(again, { isNew: false, task })
    assert.equal(await store.get(taskId(2)), undefined)
    assert.equal((await store.create(taskId(3), newTask({ idempotencyKey: 'schlüssel' }))).isNew, true)
    assert.equal((await store.create(taskId(4), newTask())).isNew, true)
    assert.equal((await store.create(taskId(5), newTask())).isNew, true)
  })

  test('simultaneous creations with one id make one task', async t => {
    const store = await openEngine(t, clock)
    const creations = Array.from({ length: 30 }, (_, n) =>
      store.create(taskId(1), newTask({ maxAttempts: n + 1 })),
    )
    const answers = await Promise.all(creations)
    assert.equal(answers.filter(({ isNew }) => isNew).length, 1)
    for (const { task } of answers) assert.deepEqual(task, await store.get(taskId(1)))
  })

  test('simultaneous creations with one idempotency key make one task', async t => {
    const store = await openEngine(t, clock)
    const creations = Array.from({ length: 30 }, (_, n) =>
      store.create(taskId(n + 1), newTask({ idempotencyKey: 'upload-1' })),
    )
    const answers = await Promise.all(creations)
    assert.equal(answers.filter(({ isNew }) => isNew).length, 1)
    assert.equal(new Set(answers.map(({ task }) => task.id)).size, 1)
    assert.equal((await store.list({ limit: 100 })).tasks.length, 1)
  })

  test('a deleted task is gone, and its idempotency key with it', async t => {
    const store = await openEngine(t, clock)
    await store.create(taskId(1), newTask({ idempotencyKey: 'upload-1' }))
    assert.equal(await store.delete(taskId(1)), true)
    assert.equal(await store.get(taskId(1)), undefined)
    assert.equal(await store.delete(taskId(1)), false)
    assert.equal(await store.claim('worker-1', 1000), undefined)
    assert.equal((await store.create(taskId(2), newTask({ idempotencyKey: 'upload-1' }))).isNew, true)
  })
}
