import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Task } from '@darkroom/contracts'
import { until } from '@darkroom/testing'
import type { TaskChange, TaskStore } from '../../src/engine/engine.ts'
import { error, facts, ManualClock, taskId } from '../sample-tasks.ts'
import { changed, claim, createTasks, leaseMs, type OpenEngine } from './open-engine.ts'

export function changesAreHeard(openEngine: OpenEngine): void {
  test('listeners get every change, with the new task', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    const received = listen(store)
    await createTasks(store, 1)
    await claim(store)
    changed(await store.apply(taskId(1), { type: 'fail', token: 1, error, retryable: true }))
    await claim(store)
    clock.advance(leaseMs + 1)
    await store.expireLeases()
    await claim(store)
    changed(await store.apply(taskId(1), { type: 'finish', token: 3, result: facts }))
    const finished = await store.get(taskId(1))
    await store.delete(taskId(1))
    await until('eight changes have arrived', () => received.length >= 8)
    const states = received.map(change => (change.kind === 'stored' ? change.task.state : change))
    assert.deepEqual(states, [
      'not-started',
      'in-progress',
      'not-started',
      'in-progress',
      'not-started',
      'in-progress',
      'finished',
      { kind: 'deleted', id: taskId(1) },
    ])
    assert.deepEqual(received[6], { kind: 'stored', task: finished })
  })

  test('listeners get no event without a change, or after they were removed', async t => {
    const store = await openEngine(t, new ManualClock())
    await createTasks(store, 1)
    await claim(store)
    changed(await store.apply(taskId(1), { type: 'finish', token: 1, result: facts }))
    const received = listen(store)
    const ended: TaskChange[] = []
    const stop = store.onChange(change => {
      ended.push(change)
    })
    stop()
    await createTasks(store, 1)
    await store.apply(taskId(1), { type: 'finish', token: 1, result: facts })
    await store.apply(taskId(1), { type: 'return', token: 7 })
    await store.claim('worker-1', leaseMs)
    await store.expireLeases()
    await store.delete(taskId(2))
    await store.delete(taskId(1))
    await until('the deletion has arrived', () => received.some(({ kind }) => kind === 'deleted'))
    assert.deepEqual(received, [{ kind: 'deleted', id: taskId(1) }])
    assert.deepEqual(ended, [])
  })

  test('a change is stored before listeners get it', async t => {
    const store = await openEngine(t, new ManualClock())
    const stored: Promise<Task | undefined>[] = []
    store.onChange(change => {
      if (change.kind === 'stored') stored.push(store.get(change.task.id))
    })
    await createTasks(store, 10)
    await until('ten changes have arrived', () => stored.length >= 10)
    for (const task of await Promise.all(stored)) assert.ok(task)
  })
}

/** Records the changes from now on, except `unknown`, which engines may send at any time. */
function listen(store: TaskStore) {
  const received: TaskChange[] = []
  store.onChange(change => {
    if (change.kind !== 'unknown') received.push(change)
  })
  return received
}
