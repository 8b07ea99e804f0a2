import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Task } from '@darkroom/contracts'
import { MigrationIncomplete } from '../../src/migration-incomplete.ts'
import { beginTask, type TaskEvent, transition } from '../../src/transitions.ts'
import { error, facts, ManualClock, newTask, taskId } from '../sample-tasks.ts'
import { changed, claim, leaseMs, type OpenEngine } from './open-engine.ts'

export function tasksAreRestored(openEngine: OpenEngine): void {
  const clock = new ManualClock()

  test('restored tasks are as they were, are counted, and continue from there', async t => {
    const store = await openEngine(t, clock)
    const tasks = sampleTasks(clock.now())
    assert.equal(await store.restore(tasks), tasks.length)
    assert.deepEqual((await store.list({ limit: 10 })).tasks, tasks.toReversed())
    const { oldestNotStartedAt: _, ...counts } = await store.stats()
    assert.deepEqual(counts, { 'not-started': 1, 'in-progress': 1, finished: 1, failed: 1 })
    assert.equal((await store.create(taskId(9), newTask({ idempotencyKey: 'upload-1' }))).isNew, false)

    assert.equal((await claim(store)).id, taskId(1))
    changed(await store.apply(taskId(2), { type: 'renew', token: 2, leaseMs }))
    changed(await store.apply(taskId(2), { type: 'finish', token: 2, result: facts }))
    const ended = { endedBefore: new Date(clock.now().getTime() + 1), limit: 10 }
    assert.equal((await store.list(ended)).tasks.length, 3)
  })

  test('restored tasks keep their owner, preset, variants and notice that is due', async t => {
    const store = await openEngine(t, clock)
    const given = newTask({
      ...{ owner: 'alice', preset: 'shop', from: taskId(7), idempotencyKey: 'upload-1' },
      variants: { thumb: { operations: [{ name: 'flip' }] } },
      callback: { url: 'https://shop.example/hook', keptSeconds: 86_400 },
    })
    const events: TaskEvent[] = [
      { type: 'claim', worker: 'worker-1', leaseMs },
      { type: 'finish', token: 1, result: facts, variants: { thumb: facts } },
    ]
    const task = events.reduce(
      (task, event) => changed(transition(task, event, clock.now())),
      beginTask(taskId(1), given, clock.now()),
    )
    await store.restore([task])
    for (const query of [{ owner: 'alice' }, { preset: 'shop' }, { owner: 'alice', preset: 'shop' }])
      assert.deepEqual((await store.list({ ...query, limit: 10 })).tasks, [task])
    assert.deepEqual((await store.create(taskId(2), given)).task, task)
    const [claimed] = await store.claimNotices({ isSlow: false, limit: 10, leaseMs })
    assert.equal(claimed?.id, task.id)
  })

  test('a restored lease expires when it would have expired', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    await store.restore(sampleTasks(clock.now()))
    clock.advance(leaseMs - 1)
    assert.equal((await store.expireLeases()).length, 0)
    clock.advance(2)
    assert.equal((await store.expireLeases()).length, 1)
  })

  test('restoring again changes nothing, and overwrites no newer task', async t => {
    const store = await openEngine(t, clock)
    const tasks = sampleTasks(clock.now())
    await store.restore(tasks)
    assert.equal(await store.restore(tasks), 0)
    const before = await claim(store)
    assert.equal(await store.restore(tasks), 0)
    assert.deepEqual(await store.get(before.id), before)
    assert.equal(await store.restore([]), 0)
  })

  test('an older version of a changed task, or of a renewed lease, is replaced', async t => {
    const store = await openEngine(t, clock)
    const tasks = sampleTasks(clock.now())
    await store.restore(tasks)
    const later = new Date(clock.now().getTime() + 1000)
    const events: [number, TaskEvent][] = [
      [0, { type: 'claim', worker: 'worker-1', leaseMs }],
      [1, { type: 'renew', token: 2, leaseMs }],
    ]
    const gone = tasks.map((task, index) => {
      const event = events.find(([at]) => at === index)?.[1]
      return event ? changed(transition(task, event, later)) : task
    })
    assert.equal(await store.restore(gone), 2)
    assert.deepEqual((await store.list({ limit: 10 })).tasks, gone.toReversed())
    assert.equal((await store.stats())['in-progress'], 2)
  })

  test('tasks are refused together if another task has the idempotency key of one of them', async t => {
    const store = await openEngine(t, clock)
    const { task } = await store.create(taskId(9), newTask({ idempotencyKey: 'upload-1' }))
    await assert.rejects(store.restore(sampleTasks(clock.now()).toReversed()), error => {
      assert.ok(error instanceof MigrationIncomplete)
      for (const id of [taskId(1), taskId(9)]) assert.ok(error.message.includes(id), error.message)
      return true
    })
    assert.deepEqual((await store.list({ limit: 10 })).tasks, [task])
    assert.equal(await store.restore(sampleTasks(clock.now()).slice(1)), 3)
  })

  test('listeners get no event for restored tasks', async t => {
    const store = await openEngine(t, clock)
    const received: string[] = []
    store.onChange(change => {
      if (change.kind !== 'unknown') received.push(change.kind)
    })
    await store.restore(sampleTasks(clock.now()))
    await store.delete(taskId(1))
    assert.deepEqual(received, ['deleted'])
  })
}

/** 1 not started, 2 in progress for the second time, 3 finished, 4 failed; each with its history. */
function sampleTasks(now: Date): Task[] {
  const claimed: TaskEvent = { type: 'claim', worker: 'worker-1', leaseMs }
  const histories: TaskEvent[][] = [
    [],
    [claimed, { type: 'fail', token: 1, error, retryable: true }, claimed],
    [claimed, { type: 'finish', token: 1, result: facts }],
    [claimed, { type: 'fail', token: 1, error, retryable: false }],
  ]
  return histories.map((events, index) => {
    const given = newTask(index === 0 ? { idempotencyKey: 'upload-1', urgency: 0 } : {})
    const task = beginTask(taskId(index + 1), given, now)
    return events.reduce((task, event) => changed(transition(task, event, now)), task)
  })
}
