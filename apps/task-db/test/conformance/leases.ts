import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TaskEvent } from '../../src/transitions.ts'
import { error, facts, ManualClock } from '../sample-tasks.ts'
import { changed, claim, createTasks, get, leaseMs, type OpenEngine } from './open-engine.ts'

const messages: [string, (token: number) => TaskEvent][] = [
  ['finish', token => ({ type: 'finish', token, result: facts })],
  ['retryable failure', token => ({ type: 'fail', token, error, retryable: true })],
  ['permanent failure', token => ({ type: 'fail', token, error, retryable: false })],
  ['return', token => ({ type: 'return', token })],
]

export function leasesAreFenced(openEngine: OpenEngine): void {
  const clock = new ManualClock()

  test('fencing tokens grow with every claim of a task', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 1)
    for (const token of [1, 2, 3]) {
      const task = await claim(store)
      assert.deepEqual([task.claims, task.lease?.token], [token, token])
      changed(await store.apply(task.id, { type: 'return', token }))
    }
  })

  for (const [what, message] of [
    ...messages,
    ['renewal', (token: number): TaskEvent => ({ type: 'renew', token, leaseMs })] as const,
  ]) {
    test(`a ${what} with an old token, or an unknown token, changes nothing`, async t => {
      const store = await openEngine(t, clock)
      await createTasks(store, 1)
      const { id } = await claim(store, 'slow')
      changed(await store.apply(id, { type: 'return', token: 1 }))
      await claim(store, 'quick')
      const before = await get(store, 1)
      for (const token of [1, 3]) assert.equal((await store.apply(id, message(token)))?.kind, 'refused')
      assert.deepEqual(await get(store, 1), before)
    })
  }

  for (const [what, message] of messages) {
    test(`a repeated ${what} is acknowledged and changes nothing`, async t => {
      const store = await openEngine(t, clock)
      await createTasks(store, 1)
      const { id } = await claim(store)
      const task = changed(await store.apply(id, message(1)))
      clock.advance(5)
      assert.deepEqual(await store.apply(id, message(1)), { kind: 'repeated', task })
      assert.deepEqual(await get(store, 1), task)
    })

    test(`a ${what} sent many times at once happens once`, async t => {
      const store = await openEngine(t, clock)
      await createTasks(store, 1)
      const { id } = await claim(store)
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => store.apply(id, message(1))))
      assert.equal(outcomes.filter(outcome => outcome?.kind === 'changed').length, 1)
      assert.equal(outcomes.filter(outcome => outcome?.kind === 'repeated').length, 19)
    })
  }

  test('exactly one of several contradicting simultaneous messages takes effect', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 1)
    const { id } = await claim(store)
    const outcomes = await Promise.all(messages.map(([, message]) => store.apply(id, message(1))))
    assert.equal(outcomes.filter(outcome => outcome?.kind === 'changed').length, 1)
    assert.equal((await get(store, 1)).version, 3)
  })

  test('a finished task keeps its result, a failed task its reason, and neither keeps its lease', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 2)
    await claim(store)
    await claim(store)
    const [first, second] = [await get(store, 1), await get(store, 2)]
    clock.advance(100)
    changed(await store.apply(first.id, { type: 'finish', token: 1, result: { ...facts, bytes: 99 } }))
    changed(await store.apply(second.id, { type: 'fail', token: 1, error, retryable: false }))
    const { lease: _, ...kept } = first
    const finishedAt = clock.now().toISOString()
    const result = { ...facts, bytes: 99 }
    assert.deepEqual(await get(store, 1), { ...kept, state: 'finished', version: 3, finishedAt, result })
    assert.deepEqual((await get(store, 2)).error, error)
    assert.equal((await get(store, 2)).lease, undefined)
  })

  test('a renewal extends the lease from now on and does not change the state', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 1)
    const { id, version } = await claim(store)
    clock.advance(7000)
    const renewed = changed(await store.apply(id, { type: 'renew', token: 1, leaseMs: 60_000 }))
    const expiresAt = new Date(clock.now().getTime() + 60_000).toISOString()
    assert.deepEqual([renewed.lease?.expiresAt, renewed.version], [expiresAt, version])
    assert.deepEqual(await get(store, 1), renewed)
  })

  test('an event of a deleted task finds no task', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 1)
    const { id } = await claim(store)
    await store.delete(id)
    assert.equal(await store.apply(id, { type: 'finish', token: 1, result: facts }), undefined)
    assert.equal(await store.get(id), undefined)
  })
}
