import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TaskStore } from '../../src/engine/engine.ts'
import { error, ManualClock, newTask, taskId } from '../sample-tasks.ts'
import { claim, leaseMs, type OpenEngine } from './open-engine.ts'

export function ownersAreServedInTurn(openEngine: OpenEngine): void {
  test('owners are served in turn, however many tasks of one wait', async t => {
    const store = await openEngine(t, new ManualClock())
    for (let n = 1; n <= 6; n++) await create(store, n, 'alice')
    assert.equal((await claim(store)).id, taskId(1))
    for (let n = 7; n <= 9; n++) await create(store, n, 'bob')
    await create(store, 10, 'carol')
    assert.deepEqual(await claimAll(store), [2, 7, 10, 3, 8, 4, 9, 5, 6].map(taskId))
  })

  test('tasks that are created at once also have turns, and more urgent tasks come first', async t => {
    const store = await openEngine(t, new ManualClock())
    const owners = ['alice', 'alice', 'alice', 'alice', 'bob', 'bob']
    await Promise.all(owners.map((owner, index) => create(store, index + 1, owner)))
    await create(store, 7, 'alice', 0)
    const claimed = await claimAll(store)
    assert.equal(claimed[0], taskId(7))
    assert.ok(claimed.indexOf(taskId(6)) <= 4, claimed.join())
  })

  test('retried tasks wait for their turn like new ones, and returned ones are first', async t => {
    const store = await openEngine(t, new ManualClock())
    for (let n = 1; n <= 4; n++) await create(store, n, 'alice')
    for (let n = 1; n <= 3; n++) {
      const { id } = await claim(store)
      await store.apply(id, { type: 'fail', token: 1, error, retryable: false })
    }
    await create(store, 5, 'bob')
    for (let n = 1; n <= 3; n++) await store.apply(taskId(n), { type: 'retry' })
    await create(store, 6, 'bob')
    assert.equal((await claim(store)).id, taskId(4))
    await store.apply(taskId(4), { type: 'return', token: 1 })
    assert.deepEqual(await claimAll(store), [4, 5, 1, 6, 2, 3].map(taskId))
  })
}

function create(store: TaskStore, number: number, owner: string, urgency = 3) {
  return store.create(taskId(number), newTask({ owner, urgency }))
}

async function claimAll(store: TaskStore): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const task = await store.claim('worker-1', leaseMs)
    if (!task) return ids
    ids.push(task.id)
  }
}
