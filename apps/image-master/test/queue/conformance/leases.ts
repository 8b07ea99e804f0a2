import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { until } from '@darkroom/testing'
import { error, facts } from '../../sample-facts.ts'
import { leaseOf, never } from '../sample-tasks.ts'
import { longWait, type Open } from './open-queue.ts'

const shortLeaseMs = 300
/** Short, but long enough for a busy machine. */
const renewedLeaseMs = 1500

export function leasesAreFenced(open: Open): void {
  suite('a lease', () => {
    test('a lease lasts for as long as it is renewed', async t => {
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

    test('a lease that expired gives the task to the next worker, with a higher token and as another attempt', async t => {
      const { addTask, next } = await open(t, shortLeaseMs)
      await addTask(1)
      const first = await next()
      const second = await next(longWait)
      assert.deepEqual([second.id, second.attempt], [first.id, 2])
      assert.ok(second.lease.token > first.lease.token)
    })

    test('a lease that was taken over is lost: no message of its holder changes anything', async t => {
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

    test('a lease of a deleted task is cancelled, for every message of its holder', async t => {
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
}
