import assert from 'node:assert/strict'
import { after, describe, type TestContext, test } from 'node:test'
import type { NewTask, Task, Work } from '@darkroom/contracts'
import { until } from '@darkroom/testing'
import type { HeldLease, WorkQueue } from '../../src/queue/queue.ts'
import { type Neighbours, startNeighbours } from '../neighbours.ts'
import { error, facts } from '../sample-facts.ts'

/** An empty queue over the task DB of these neighbours; the caller closes it. */
export type OpenQueue = (
  t: TestContext,
  neighbours: Neighbours,
  options: { leaseMs: number },
) => Promise<WorkQueue> | WorkQueue

const longLeaseMs = 60_000
const shortLeaseMs = 300
/** Short, but long enough for a busy machine. */
const renewedLeaseMs = 1500
/** A wait in seconds, long enough for tasks that are in the queue already. */
const moment = 1
/** A wait in seconds, long enough for tasks that another client adds. */
const longWait = 50
const never = new AbortController().signal

/** The promises of src/queue/queue.ts, for every engine. */
export async function queueConformance(name: string, openQueue: OpenQueue): Promise<void> {
  const neighbours = await startNeighbours({ after })
  const { taskDb } = neighbours.clients

  async function open(t: TestContext, leaseMs = longLeaseMs) {
    const queue = await openQueue(t, neighbours, { leaseMs })
    t.after(async () => {
      await queue.close()
      const { body } = await taskDb.listTasks({ querystring: { limit: 1000 } })
      for (const { id } of body.tasks) await taskDb.deleteTask({ params: { id } })
    })
    const addTask = async (number: number, given: Partial<NewTask> = {}): Promise<Task> => {
      const { status, body } = await taskDb.putTask({
        params: { id: idOf(number) },
        body: {
          state: 'not-started',
          operations: [{ name: 'swap-channels', order: 'bgr' }],
          original: facts,
          maxAttempts: 3,
          ...given,
        },
      })
      assert.equal(status, 201)
      await queue.add(body as Task)
      return body as Task
    }
    const taskOf = async (number: number): Promise<Task> => {
      const reply = await taskDb.getTask({ params: { id: idOf(number) } })
      return reply.status === 200 ? reply.body : assert.fail(`there is no task ${number}`)
    }
    const deleteTask = (number: number) => taskDb.deleteTask({ params: { id: idOf(number) } })
    const next = async (wait = moment): Promise<Work> =>
      (await queue.next('worker', wait, never)) ?? assert.fail('there was no work')
    return { queue, addTask, taskOf, deleteTask, next }
  }

  describe(`${name} as a queue of work`, () => {
    describe('next', () => {
      test('leases a task with all facts that a worker needs', async t => {
        const { addTask, next, taskOf } = await open(t)
        const { operations, original } = await addTask(1)
        const startedAt = Date.now()
        const { lease, ...work } = await next()
        assert.deepEqual(work, {
          id: idOf(1),
          operations,
          original: { bytes: original.bytes },
          attempt: 1,
        })
        assert.ok(lease.token >= 1)
        assert.ok(Math.abs(Date.parse(lease.expiresAt) - startedAt - longLeaseMs) < longLeaseMs / 2)
        assert.equal((await taskOf(1)).state, 'in-progress')
      })

      test('returns nothing from an empty queue, and no task that another worker has leased', async t => {
        const { queue, addTask, next } = await open(t)
        assert.equal(await queue.next('worker', 0, never), undefined)
        await addTask(1)
        await next()
        assert.equal(await queue.next('worker', 0, never), undefined)
      })

      test('is first come, first served', async t => {
        const { addTask, next } = await open(t)
        for (const number of [1, 2, 3, 4]) await addTask(number)
        const ids: string[] = []
        for (let n = 0; n < 4; n++) ids.push((await next()).id)
        assert.deepEqual(ids, [1, 2, 3, 4].map(idOf))
      })

      test('leases more urgent tasks first, and equally urgent tasks in the order of their arrival', async t => {
        const { addTask, next } = await open(t)
        const urgencies = [3, 7, 0, undefined, 1, 0]
        for (const [index, urgency] of urgencies.entries())
          await addTask(index + 1, urgency === undefined ? {} : { urgency })
        const ids: string[] = []
        for (const _ of urgencies) ids.push((await next()).id)
        assert.deepEqual(ids, [3, 6, 5, 1, 4, 2].map(idOf))
      })

      test('serves owners in turn, and the most urgent task of each first', async t => {
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

      test('leases each task to one worker when many ask at once', async t => {
        const { queue, addTask } = await open(t)
        const numbers = Array.from({ length: 20 }, (_, n) => n + 1)
        await Promise.all(numbers.map(number => addTask(number)))
        const asked = Array.from({ length: 30 }, (_, n) => queue.next(`worker-${n}`, moment, never))
        const works = (await Promise.all(asked)).filter(work => work !== undefined)
        assert.deepEqual(works.map(({ id }) => id).sort(), numbers.map(idOf))
      })

      test('wakes when a task comes, long before its wait has ended', async t => {
        const startedAt = performance.now()
        const { addTask, next } = await open(t)
        const works = [next(longWait), next(longWait)]
        await addTask(1)
        await addTask(2)
        const ids = (await Promise.all(works)).map(({ id }) => id)
        assert.deepEqual(ids.sort(), [1, 2].map(idOf))
        assert.ok(performance.now() - startedAt < (longWait * 1000) / 2)
      })

      test('skips originals of an optional type for workers that do not decode them', async t => {
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

      test('returns nothing when its signal is aborted, before or during the wait, and leases nothing', async t => {
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

    describe('a lease', () => {
      test('lasts for as long as it is renewed', async t => {
        const { queue, addTask, next, taskOf } = await open(t, renewedLeaseMs)
        await addTask(1)
        await addTask(2)
        const renewed = await next()
        const forgotten = await next()
        assert.notEqual(renewed.id, forgotten.id)
        let expiresAt = ''
        await until('the other has run out', async () => {
          const renewal = await queue.renew(leaseOf(renewed))
          if (typeof renewal === 'string') assert.fail(`the lease is ${renewal}`)
          assert.ok(renewal.expiresAt >= expiresAt)
          expiresAt = renewal.expiresAt
          return (await queue.next('worker', 0, never))?.id === forgotten.id
        })
        assert.ok(expiresAt > renewed.lease.expiresAt)
        assert.equal((await taskOf(1)).attempts, 1)
        assert.equal(await queue.finish(leaseOf(renewed), { result: facts }), 'done')
      })

      test('that expired gives the task to the next worker, with a higher token and as another attempt', async t => {
        const { addTask, next } = await open(t, shortLeaseMs)
        await addTask(1)
        const first = await next()
        const second = await next(longWait)
        assert.deepEqual([second.id, second.attempt], [first.id, 2])
        assert.ok(second.lease.token > first.lease.token)
      })

      test('that was taken over is lost: no message of its holder changes anything', async t => {
        const { queue, addTask, next, taskOf } = await open(t, shortLeaseMs)
        await addTask(1, { maxAttempts: 1000 })
        const old = leaseOf(await next())
        await next(longWait)
        assert.equal(await queue.renew(old), 'lost')
        assert.equal(await queue.finish(old, { result: facts }), 'lost')
        assert.equal(await queue.fail(old, error, false), 'lost')
        assert.equal(await queue.fail(old, error, true), 'lost')
        assert.equal(await queue.returnWork(old), 'lost')
        const { state, result } = await taskOf(1)
        assert.ok(state === 'in-progress' || state === 'not-started')
        assert.equal(result, undefined)
      })

      test('of a deleted task is cancelled, for every message of its holder', async t => {
        const { queue, addTask, next, deleteTask } = await open(t)
        await addTask(1)
        const lease = leaseOf(await next())
        await deleteTask(1)
        assert.equal(await queue.renew(lease), 'cancelled')
        assert.equal(await queue.finish(lease, { result: facts }), 'cancelled')
        assert.equal(await queue.fail(lease, error, true), 'cancelled')
        assert.equal(await queue.returnWork(lease), 'cancelled')
        assert.equal(await queue.next('worker', 0, never), undefined)
      })
    })

    describe('the end of work', () => {
      test('finishing is final, and may be repeated', async t => {
        const { queue, addTask, next, taskOf } = await open(t)
        await addTask(1)
        const lease = leaseOf(await next())
        assert.equal(await queue.finish(lease, { result: facts }), 'done')
        assert.equal(await queue.finish(lease, { result: facts }), 'repeated')
        const { state, result } = await taskOf(1)
        assert.deepEqual([state, result], ['finished', facts])
        assert.equal(await queue.next('worker', 0, never), undefined)
      })

      test('a failure that is not retryable is final, and keeps its error', async t => {
        const { queue, addTask, next, taskOf } = await open(t)
        await addTask(1)
        const lease = leaseOf(await next())
        assert.equal(await queue.fail(lease, error, false), 'done')
        assert.equal(await queue.fail(lease, error, false), 'repeated')
        const task = await taskOf(1)
        assert.deepEqual([task.state, task.error, task.attempts], ['failed', error, 1])
        assert.equal(await queue.next('worker', 0, never), undefined)
      })

      test('a retryable failure is tried again until no attempt is left', async t => {
        const { queue, addTask, next, taskOf } = await open(t)
        await addTask(1)
        let token = 0
        for (const attempt of [1, 2, 3]) {
          const work = await next(longWait)
          assert.equal(work.attempt, attempt)
          assert.ok(work.lease.token > token)
          token = work.lease.token
          assert.equal(await queue.fail(leaseOf(work), error, true), 'done')
        }
        const task = await taskOf(1)
        assert.deepEqual([task.state, task.error, task.attempts], ['failed', error, 3])
        assert.equal(await queue.next('worker', 0, never), undefined)
      })

      test('a returned task is next again, and the attempt is not counted', async t => {
        const { queue, addTask, next } = await open(t)
        for (const number of [1, 2, 3]) await addTask(number, { maxAttempts: 1 })
        const first = await next()
        assert.equal(await queue.returnWork(leaseOf(first)), 'done')
        const again = await next()
        assert.deepEqual([again.id, again.attempt], [first.id, 1])
        assert.ok(again.lease.token > first.lease.token)
        assert.equal((await next()).id, idOf(2))
      })

      test('returned tasks keep their order, and come before others of the same urgency', async t => {
        const { queue, addTask, next } = await open(t)
        for (const number of [1, 2, 3, 4]) await addTask(number)
        await addTask(5, { urgency: 1 })
        const works = [await next(), await next(), await next()]
        for (const work of works.toReversed()) assert.equal(await queue.returnWork(leaseOf(work)), 'done')
        const ids: string[] = []
        for (let n = 0; n < 5; n++) ids.push((await next()).id)
        assert.deepEqual(ids, [5, 1, 2, 3, 4].map(idOf))
      })

      test('a returned task wakes a waiting worker', async t => {
        const startedAt = performance.now()
        const { queue, addTask, next } = await open(t)
        await addTask(1)
        const first = await next()
        const waiting = next(longWait)
        await queue.returnWork(leaseOf(first))
        assert.equal((await waiting).id, first.id)
        assert.ok(performance.now() - startedAt < (longWait * 1000) / 2)
      })
    })
  })
}

/** Ids that sort by their numbers, as the ids of arriving images do. */
function idOf(number: number): string {
  return `01990000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}

function leaseOf({ id, lease }: Work): HeldLease {
  return { id, token: lease.token }
}
