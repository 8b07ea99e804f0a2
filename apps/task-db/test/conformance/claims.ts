import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Results, readVariants } from '@darkroom/contracts'
import { error, facts, ManualClock, newTask, taskId } from '../sample-tasks.ts'
import { changed, claim, createTasks, get, leaseMs, type OpenEngine } from './open-engine.ts'

const variants = readVariants('thumb=resize:20x20;card=flip')

export function claimsAreExclusive(openEngine: OpenEngine): void {
  const clock = new ManualClock()

  test('a claim of an empty store gets nothing', async t => {
    const store = await openEngine(t, clock)
    assert.equal(await store.claim('worker-1', leaseMs), undefined)
  })

  test('a claim leases a task to a worker, and is stored', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 1)
    const task = await claim(store, 'worker-7')
    const expiresAt = new Date(clock.now().getTime() + leaseMs).toISOString()
    const since = clock.now().toISOString()
    assert.deepEqual(task.lease, { token: 1, worker: 'worker-7', since, expiresAt, durationMs: leaseMs })
    assert.deepEqual([task.state, task.attempts], ['in-progress', 1])
    assert.deepEqual(await get(store, 1), task)
    assert.equal(await store.claim('worker-8', leaseMs), undefined)
  })

  test('texts that a database may not be able to read hinder no claim, no count, no lease and no notice', async t => {
    const store = await openEngine(t, clock)
    const texts = { idempotencyKey: 'a\0b\ud800"contentType":"image/heic"', owner: 'alice' }
    const callback = { url: 'https://a.example/\0\ud800', keptSeconds: 60 }
    const heic = { original: { ...facts, contentType: 'image/heic' } }
    await store.create(taskId(1), newTask({ ...heic, callback, idempotencyKey: 'c\0' }))
    await store.create(taskId(2), newTask({ callback, variants, idempotencyKey: 'd\0' }))
    const { task } = await store.create(taskId(3), newTask({ ...texts, callback }))
    assert.equal((await store.stats()).oldestNotStartedAt, task.createdAt)
    const claimed = await store.claim('worker-1', leaseMs, [])
    assert.equal(claimed?.id, taskId(3))
    assert.equal(await store.claim('worker-1', leaseMs, []), undefined)
    assert.equal((await store.claim('worker-2', leaseMs, ['image/heic']))?.id, taskId(1))
    assert.equal((await store.claim('worker-3', leaseMs, ['variants']))?.id, taskId(2))
    clock.advance(leaseMs / 2)
    await store.apply(taskId(3), { type: 'renew', token: 1, leaseMs })
    clock.advance(leaseMs / 2 + 1)
    assert.deepEqual((await store.expireLeases()).map(({ id }) => id).sort(), [1, 2].map(taskId))
    const failure = { ...error, detail: 'found \0 and \udfff' }
    changed(await store.apply(taskId(3), { type: 'fail', token: 1, error: failure, retryable: false }))
    assert.equal(await store.nextNoticeAt(), clock.now().toISOString())
    const [notice] = await store.claimNotices({ isSlow: false, limit: 1, leaseMs })
    assert.deepEqual([notice?.id, notice?.error], [taskId(3), failure])
  })

  test('the oldest task is claimed first, in any order of storing', async t => {
    const store = await openEngine(t, clock)
    for (const number of [3, 1, 4, 2]) await store.create(taskId(number), newTask())
    const claimed = [await claim(store), await claim(store), await claim(store), await claim(store)]
    assert.deepEqual(
      claimed.map(({ id }) => id),
      [1, 2, 3, 4].map(taskId),
    )
  })

  test('more urgent tasks are claimed first; of equally urgent tasks, the oldest', async t => {
    const store = await openEngine(t, clock)
    for (const [number, urgency] of [
      [1, 7],
      [2, undefined],
      [3, 0],
      [4, 3],
      [5, 0],
    ] as const) {
      await store.create(taskId(number), newTask(urgency === undefined ? {} : { urgency }))
    }
    const claimed = [await claim(store), await claim(store), await claim(store), await claim(store)]
    assert.deepEqual(
      claimed.map(({ id }) => id),
      [3, 5, 2, 4].map(taskId),
    )
    assert.equal((await get(store, 1)).urgency, 7)
  })

  test('a claim skips originals of an optional type that its worker does not decode', async t => {
    const store = await openEngine(t, clock)
    const original = { ...facts, contentType: 'image/heic' }
    await store.create(taskId(1), newTask({ original }))
    await store.create(taskId(2), newTask())
    await store.create(taskId(3), newTask({ original, urgency: 0 }))
    const ids: (string | undefined)[] = []
    for (const decodes of [[], [], ['image/heic'], ['image/heic'], ['image/heic']])
      ids.push((await store.claim('worker-1', leaseMs, decodes))?.id)
    assert.deepEqual(ids, [taskId(2), undefined, taskId(3), taskId(1), undefined])
  })

  test('a claim skips tasks with variants unless its worker can make variants', async t => {
    const store = await openEngine(t, clock)
    const original = { ...facts, contentType: 'image/heic' }
    await store.create(taskId(1), newTask({ variants }))
    await store.create(taskId(2), newTask())
    await store.create(taskId(3), newTask({ variants, original }))
    const ids: (string | undefined)[] = []
    for (const decodes of [[], ['image/heic'], ['variants'], ['variants'], ['variants', 'image/heic'], []])
      ids.push((await store.claim('worker-1', leaseMs, decodes))?.id)
    assert.deepEqual(ids, [taskId(2), undefined, taskId(1), undefined, taskId(3), undefined])
  })

  test('a given task with variants is refused to a worker that does not support variants', async t => {
    const store = await openEngine(t, clock)
    await store.create(taskId(1), newTask({ variants }))
    const claim = { type: 'claim', worker: 'worker-1', leaseMs } as const
    assert.equal((await store.apply(taskId(1), { ...claim, decodes: [] }))?.kind, 'refused')
    assert.equal((await store.apply(taskId(1), { ...claim, decodes: ['variants'] }))?.kind, 'changed')
  })

  test('a task with variants is finished by results for all of them', async t => {
    const store = await openEngine(t, clock)
    const { operations: _, ...onlyVariants } = newTask({ variants, preset: 'shop', from: taskId(9) })
    await store.create(taskId(1), onlyVariants)
    const { claims: token } = await claim(store)
    const finish = (results: Results) => store.apply(taskId(1), { type: 'finish', token, ...results })
    const refused = await finish({ result: facts, variants: { card: facts } })
    assert.match(String(refused?.kind === 'refused' && refused.reason), /no result for thumb/)
    const done = await finish({ variants: { thumb: facts, card: { ...facts, bytes: 1 }, other: facts } })
    assert.equal(done?.kind, 'changed')
    const { operations, result, preset, from, variants: found } = await get(store, 1)
    assert.deepEqual([operations, result, preset, from], [undefined, undefined, 'shop', taskId(9)])
    const { thumb, card } = variants
    assert.deepEqual(found, {
      thumb: { ...thumb, result: facts },
      card: { ...card, result: { ...facts, bytes: 1 } },
    })
  })

  test('simultaneous claims by workers that decode different types each get a task that their worker can decode', async t => {
    const store = await openEngine(t, clock)
    const original = { ...facts, contentType: 'image/heic' }
    for (let number = 1; number <= 10; number++)
      await store.create(taskId(number), newTask(number % 2 === 0 ? { original } : {}))
    const claimed = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const task = await store.claim(`worker-${n}`, leaseMs, n % 4 === 0 ? ['image/heic'] : [])
        return task && { isOptional: task.original.contentType === 'image/heic', canDecode: n % 4 === 0 }
      }),
    )
    const tasks = claimed.filter(task => task !== undefined)
    assert.ok(tasks.every(({ isOptional, canDecode }) => canDecode || !isOptional))
    while (await store.claim('worker-1', leaseMs, ['image/heic'])) tasks.length += 1
    assert.equal(tasks.length, 10)
  })

  test('one of many claims of a given task is granted, and no other claim gets the task', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 2)
    const given = { type: 'claim', leaseMs } as const
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, n) => store.apply(taskId(1), { ...given, worker: `worker-${n}` })),
    )
    assert.equal(outcomes.filter(outcome => outcome?.kind === 'changed').length, 1)
    assert.equal((await claim(store)).id, taskId(2))
    assert.equal(await store.claim('worker-1', leaseMs), undefined)
  })

  test('a returned task keeps its age', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 3)
    const first = await claim(store)
    await claim(store)
    changed(await store.apply(first.id, { type: 'return', token: 1 }))
    assert.equal((await claim(store)).id, first.id)
  })

  test('each of 20 tasks that are claimed 50 times at once is claimed once', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 20)
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, n) => store.claim(`worker-${n}`, leaseMs)),
    )
    const claimed = claims.filter(task => task !== undefined)
    assert.deepEqual(
      claimed.map(({ id }) => id).sort(),
      Array.from({ length: 20 }, (_, n) => taskId(n + 1)),
    )
    assert.equal(new Set(claimed.map(({ lease }) => lease?.worker)).size, 20)
    for (const task of claimed) assert.deepEqual(await store.get(task.id), task)
  })

  test('a task that many workers claim and return at once never has two holders', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 5)
    const held = new Set<string>()
    let handovers = 0
    const work = async (worker: string) => {
      for (let n = 0; n < 10; n += 1) {
        const task = await store.claim(worker, leaseMs)
        if (!task) continue
        assert.ok(!held.has(task.id), `${task.id} was claimed twice`)
        held.add(task.id)
        handovers += 1
        const renewed = await store.apply(task.id, { type: 'renew', token: task.claims, leaseMs })
        assert.equal(changed(renewed).lease?.worker, worker)
        held.delete(task.id)
        changed(await store.apply(task.id, { type: 'return', token: task.claims }))
      }
    }
    await Promise.all(Array.from({ length: 12 }, (_, n) => work(`worker-${n}`)))
    const { tasks } = await store.list({ limit: 10 })
    assert.equal(
      tasks.reduce((sum, task) => sum + task.claims, 0),
      handovers,
    )
    assert.ok(tasks.every(task => task.attempts === 0 && task.state === 'not-started'))
  })
}
