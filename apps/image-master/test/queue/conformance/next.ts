import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { facts } from '../../sample-facts.ts'
import { idOf, leaseOf, never } from '../sample-tasks.ts'
import { longLeaseMs, longWait, moment, type Open } from './open-queue.ts'

export function workIsLeased(open: Open): void {
  suite('next', () => {
    test('next leases a task with all facts that a worker needs', async t => {
      const { addTask, next, taskOf } = await open(t)
      const { operations, original } = await addTask(1)
      const startedAt = Date.now()
      const { lease, ...work } = await next()
      assert.deepEqual(work, {
        id: idOf(1),
        operations,
        original: { bytes: original.bytes, sha256: original.sha256 },
        attempt: 1,
      })
      assert.ok(lease.token >= 1)
      assert.ok(Math.abs(Date.parse(lease.expiresAt) - startedAt - longLeaseMs) < longLeaseMs / 2)
      assert.equal((await taskOf(1)).state, 'in-progress')
    })

    test('next returns nothing from an empty queue, and no task that another worker has leased', async t => {
      const { queue, addTask, next } = await open(t)
      assert.equal(await queue.next('worker', 0, never), undefined)
      await addTask(1)
      await next()
      assert.equal(await queue.next('worker', 0, never), undefined)
    })

    test('next is first come, first served', async t => {
      const { addTask, next } = await open(t)
      for (const number of [1, 2, 3, 4]) await addTask(number)
      const ids: string[] = []
      for (let n = 0; n < 4; n++) ids.push((await next()).id)
      assert.deepEqual(ids, [1, 2, 3, 4].map(idOf))
    })

    test('next leases more urgent tasks first, and equally urgent tasks in the order of their arrival', async t => {
      const { addTask, next } = await open(t)
      const urgencies = [3, 7, 0, undefined, 1, 0]
      for (const [index, urgency] of urgencies.entries())
        await addTask(index + 1, urgency === undefined ? {} : { urgency })
      const ids: string[] = []
      for (const _ of urgencies) ids.push((await next()).id)
      assert.deepEqual(ids, [3, 6, 5, 1, 4, 2].map(idOf))
    })

    test('next serves owners in turn, and the most urgent task of each first', async t => {
      const { queue, addTask, next } = await open(t)
      const tasks = [
        { owner: 'alice', numbers: [1, 2, 3] },
        { owner: 'bob', numbers: [4, 5] },
        { owner: 'alice', numbers: [6], urgency: 0 },
      ] as const
      for (const { numbers, ...given } of tasks) for (const number of numbers) await addTask(number, given)
      const first = await next()
      assert.equal(first.id, idOf(6))
      assert.equal(await queue.returnWork(leaseOf(first)), 'done')
      const ids: string[] = []
      for (let n = 0; n < 6; n++) {
        const work = await next()
        assert.ok(await queue.renew(leaseOf(work)))
        assert.equal(await queue.finish(leaseOf(work), { result: facts }), 'done')
        ids.push(work.id)
      }
      assert.deepEqual(ids, [6, 4, 1, 5, 2, 3].map(idOf))
      assert.equal(await queue.next('worker-1', moment, never), undefined)
    })

    test('a task that gave its turn to a more urgent one comes before equally urgent tasks of its new turn', async t => {
      const { addTask, next } = await open(t)
      await addTask(1, { owner: 'alice' })
      for (const number of [2, 3]) await addTask(number, { owner: 'bob' })
      await addTask(4, { owner: 'alice', urgency: 0 })
      const ids: string[] = []
      for (let n = 0; n < 4; n++) ids.push((await next()).id)
      assert.deepEqual(ids, [4, 2, 1, 3].map(idOf))
    })

    test('next leases each task to one worker when many ask at once', async t => {
      const { queue, addTask } = await open(t)
      const numbers = Array.from({ length: 20 }, (_, n) => n + 1)
      await Promise.all(numbers.map(number => addTask(number)))
      const asked = Array.from({ length: 30 }, (_, n) => queue.next(`worker-${n}`, moment, never))
      const works = (await Promise.all(asked)).filter(work => work !== undefined)
      assert.deepEqual(works.map(({ id }) => id).sort(), numbers.map(idOf))
    })

    test('next wakes when a task comes, long before its wait has ended', async t => {
      const startedAt = performance.now()
      const { addTask, next } = await open(t)
      const works = [next(longWait), next(longWait)]
      await addTask(1)
      await addTask(2)
      const ids = (await Promise.all(works)).map(({ id }) => id)
      assert.deepEqual(ids.sort(), [1, 2].map(idOf))
      assert.ok(performance.now() - startedAt < (longWait * 1000) / 2)
    })

    test('next skips originals of an optional type for workers that do not decode them', async t => {
      const startedAt = performance.now()
      const { queue, addTask } = await open(t)
      const heic = { ...facts, contentType: 'image/heic' }
      await addTask(1, { original: heic })
      await addTask(2, { original: heic })
      await addTask(3)
      const able = (wait = moment) => queue.next('able', wait, never, ['image/heic'])
      const unable = (wait = moment) => queue.next('unable', wait, never, [])
      assert.equal((await unable())?.id, idOf(3))
      assert.equal(await unable(0), undefined)
      const waiting = unable(longWait)
      assert.equal((await able())?.id, idOf(1))
      assert.equal((await able(longWait))?.id, idOf(2))
      const alsoWaiting = able(longWait)
      await addTask(4, { original: heic })
      assert.equal((await alsoWaiting)?.id, idOf(4))
      await addTask(5)
      assert.equal((await waiting)?.id, idOf(5))
      assert.ok(performance.now() - startedAt < (longWait * 1000) / 2)
    })

    test('next returns nothing when its signal is aborted, before or during the wait, and leases nothing', async t => {
      const startedAt = performance.now()
      const { queue, addTask, next } = await open(t)
      const controller = new AbortController()
      const waiting = queue.next('gone', longWait, controller.signal)
      controller.abort()
      assert.equal(await waiting, undefined)
      await addTask(1)
      assert.equal(await queue.next('gone', longWait, AbortSignal.abort()), undefined)
      const { id, attempt } = await next(longWait)
      assert.deepEqual([id, attempt], [idOf(1), 1])
      assert.ok(performance.now() - startedAt < (longWait * 1000) / 2)
    })
  })
}
