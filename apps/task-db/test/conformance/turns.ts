import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TaskStore } from '../../src/engine/engine.ts'
import { error, facts, ManualClock, newTask, taskId } from '../sample-tasks.ts'
import { changed, claim, leaseMs, type OpenEngine } from './open-engine.ts'

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

  test('an urgent task takes the next turn of its owner, and the turns of no other', async t => {
    const store = await openEngine(t, new ManualClock())
    for (let n = 1; n <= 4; n++) await create(store, n, 'alice')
    for (let n = 5; n <= 6; n++) await create(store, n, 'bob')
    for (let n = 7; n <= 8; n++) await create(store, n, 'alice', 0)
    assert.deepEqual(await claimAll(store), [7, 5, 8, 6, 1, 2, 3, 4].map(taskId))
  })

  test('many urgent tasks of one owner delay the least urgent task of another by one task', async t => {
    const store = await openEngine(t, new ManualClock())
    for (let n = 1; n <= 6; n++) await create(store, n, 'alice', 0)
    await create(store, 7, 'bob', 7)
    assert.deepEqual(await claimAll(store), [1, 7, 2, 3, 4, 5, 6].map(taskId))
  })

  test('a claim of a given task leases the most urgent task of its owner that the worker can do', async t => {
    const store = await openEngine(t, new ManualClock())
    for (let n = 1; n <= 2; n++) await create(store, n, 'alice')
    await create(store, 3, 'alice', 0)
    const original = { ...facts, contentType: 'image/heic' }
    await store.create(taskId(4), newTask({ owner: 'alice', urgency: 0, original }))
    await create(store, 5, 'bob', 0)
    // An earlier master sends no abilities.
    const given = { type: 'claim', worker: 'worker-1', leaseMs } as const
    const leased = changed(await store.apply(taskId(1), { ...given, decodes: [] }))
    assert.deepEqual([leased.id, leased.turn], [taskId(3), 0])
    const deferred = await store.get(taskId(1))
    assert.deepEqual([deferred?.state, deferred?.turn, deferred?.version], ['not-started', 4, 1])
    assert.equal((await store.apply(taskId(3), given))?.kind, 'refused')
    assert.equal(changed(await store.apply(taskId(2), given)).id, taskId(1))
  })

  test('owners who create one task after another leave its turns to an owner who created many', async t => {
    const store = await openEngine(t, new ManualClock())
    for (let n = 1; n <= 10; n++) await create(store, n, 'alice')
    let last = 10
    for (const owner of ['bob', 'carol', 'dave']) await create(store, ++last, owner)
    const leasedTo: string[] = []
    for (let n = 0; n < 40; n++) {
      const { id, owner = '' } = await claim(store)
      await store.apply(id, { type: 'finish', token: 1, result: facts })
      if (owner !== 'alice') await create(store, ++last, owner)
      leasedTo.push(owner)
    }
    // A quarter, except for the first round.
    assert.ok(leasedTo.filter(owner => owner === 'alice').length >= 9, leasedTo.join())
  })

  test('simultaneous claims of tasks of all urgencies lease each task once', async t => {
    const store = await openEngine(t, new ManualClock())
    const numbers = Array.from({ length: 40 }, (_, index) => index + 1)
    for (const n of numbers) await create(store, n, n % 3 === 0 ? 'alice' : 'bob', (n * 5) % 8)
    const given = { type: 'claim', worker: 'worker-1', leaseMs } as const
    const claims = await Promise.all(
      numbers.map(async n => {
        if (n % 4 > 0) return store.claim('worker-1', leaseMs)
        const outcome = await store.apply(taskId(n), given)
        return outcome?.kind === 'changed' ? outcome.task : undefined
      }),
    )
    const leased = [...claims.flatMap(task => task?.id ?? []), ...(await claimAll(store))]
    assert.deepEqual(leased.sort(), numbers.map(taskId))
  })

  test('retried tasks get new turns, returned tasks keep theirs, and the oldest task of an owner is first', async t => {
    const store = await openEngine(t, new ManualClock())
    for (let n = 1; n <= 4; n++) await create(store, n, 'alice')
    for (let n = 1; n <= 3; n++) {
      const { id } = await claim(store)
      await store.apply(id, { type: 'fail', token: 1, error, retryable: false })
    }
    await create(store, 5, 'bob')
    for (let n = 1; n <= 3; n++) await store.apply(taskId(n), { type: 'retry' })
    await create(store, 6, 'bob')
    const { id, claims: token } = await claim(store)
    assert.equal(id, taskId(1))
    await store.apply(id, { type: 'return', token })
    assert.deepEqual(await claimAll(store), [1, 5, 2, 6, 3, 4].map(taskId))
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
