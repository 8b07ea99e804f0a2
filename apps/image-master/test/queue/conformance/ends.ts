import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { error, facts } from '../../sample-facts.ts'
import { idOf, leaseOf, never } from '../sample-tasks.ts'
import { longWait, type Open } from './open-queue.ts'

export function endsAreKept(open: Open): void {
  suite('the end of work', () => {
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
}
