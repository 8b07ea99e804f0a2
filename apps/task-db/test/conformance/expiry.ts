import assert from 'node:assert/strict'
import { test } from 'node:test'
import { facts, ManualClock, taskId } from '../sample-tasks.ts'
import { changed, claim, createTasks, get, leaseMs, type OpenEngine } from './open-engine.ts'

export function leasesRunOut(openEngine: OpenEngine): void {
  test('a task whose lease has expired waits for the next attempt', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    await createTasks(store, 1)
    await claim(store, 'killed')
    clock.advance(leaseMs - 1)
    assert.equal((await store.expireLeases()).length, 0)
    clock.advance(2)
    assert.equal((await store.expireLeases()).length, 1)
    assert.equal((await store.expireLeases()).length, 0)
    const task = await get(store, 1)
    assert.deepEqual([task.state, task.attempts, task.lease], ['not-started', 1, undefined])
    assert.deepEqual((await claim(store, 'alive')).lease?.token, 2)
  })

  test('a task whose lease expires on its last attempt fails, with a reason', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    await createTasks(store, 1, 2)
    for (const _ of [1, 2]) {
      await claim(store, 'killed')
      clock.advance(leaseMs + 1)
      assert.equal((await store.expireLeases()).length, 1)
    }
    const { state, attempts, error, finishedAt } = await get(store, 1)
    assert.deepEqual([state, attempts, finishedAt], ['failed', 2, clock.now().toISOString()])
    assert.match(String(error?.detail), /killed/)
    assert.equal(await store.claim('alive', leaseMs), undefined)
  })

  test('returned attempts are not counted', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    await createTasks(store, 1, 1)
    for (const token of [1, 2, 3]) {
      changed(await store.apply((await claim(store)).id, { type: 'return', token }))
    }
    assert.deepEqual([(await get(store, 1)).attempts, (await claim(store)).attempts], [0, 1])
  })

  test('a renewed lease does not expire at its first end', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    await createTasks(store, 1)
    const { id } = await claim(store)
    clock.advance(leaseMs - 1)
    changed(await store.apply(id, { type: 'renew', token: 1, leaseMs }))
    clock.advance(leaseMs - 1)
    assert.equal((await store.expireLeases()).length, 0)
    assert.equal((await get(store, 1)).state, 'in-progress')
  })

  test('fault: the clock is set back an hour: leases end on time, and later events have the new time of day', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    await createTasks(store, 2)
    await claim(store, 'killed')
    const renewed = await claim(store)
    clock.set(-3_600_000)
    assert.deepEqual(await store.expireLeases(), [])
    clock.advance(leaseMs - 1)
    changed(await store.apply(renewed.id, { type: 'renew', token: 1, leaseMs }))
    assert.deepEqual(await store.expireLeases(), [])
    clock.advance(2)
    assert.deepEqual(
      (await store.expireLeases()).map(({ id }) => id),
      [taskId(1)],
    )
    const finished = changed(await store.apply(renewed.id, { type: 'finish', token: 1, result: facts }))
    assert.equal(finished.finishedAt, clock.now().toISOString())
  })

  test('a worker that lost the lease can neither renew it nor finish the task', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    await createTasks(store, 1)
    const { id } = await claim(store)
    clock.advance(leaseMs + 1)
    await store.expireLeases()
    assert.equal((await store.apply(id, { type: 'renew', token: 1, leaseMs }))?.kind, 'refused')
    assert.equal((await store.apply(id, { type: 'finish', token: 1, result: facts }))?.kind, 'refused')
    assert.equal((await get(store, 1)).state, 'not-started')
  })

  test('leases that expire together are all taken back, even by concurrent checks', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    await createTasks(store, 60)
    await Promise.all(Array.from({ length: 60 }, () => claim(store)))
    clock.advance(leaseMs + 1)
    let taken = 0
    for (let round = 0; round < 60 && taken < 60; round += 1) {
      const tasks = await Promise.all([store.expireLeases(), store.expireLeases()])
      taken += tasks.flat().length
    }
    assert.equal(taken, 60)
    const stats = await store.stats()
    assert.deepEqual([stats['not-started'], stats['in-progress']], [60, 0])
  })

  test('a task that is finished while its lease expires is either finished or waits', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    await createTasks(store, 20)
    const claimed = await Promise.all(Array.from({ length: 20 }, () => claim(store)))
    clock.advance(leaseMs + 1)
    const finishing = claimed.map(({ id }) => store.apply(id, { type: 'finish', token: 1, result: facts }))
    const [{ length: taken }, ...outcomes] = await Promise.all([store.expireLeases(), ...finishing])
    const finished = outcomes.filter(outcome => outcome?.kind === 'changed').length
    assert.equal(finished + taken, 20)
    const stats = await store.stats()
    assert.deepEqual([stats.finished, stats['not-started']], [finished, taken])
  })
}
