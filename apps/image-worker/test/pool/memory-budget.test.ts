import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryBudget } from '../../src/pool/memory-budget.ts'

test('a request that fits is granted at once', async () => {
  const budget = new MemoryBudget(10)
  await budget.acquire(4)
  await budget.acquire(6)
})

test('a request that does not fit waits until enough is released, and no later request overtakes it', async () => {
  const budget = new MemoryBudget(10)
  const order: string[] = []
  const releaseFirst = await budget.acquire(6)
  const large = budget.acquire(8).then(release => {
    order.push('large')
    return release
  })
  const small = budget.acquire(1).then(() => order.push('small'))
  releaseFirst()
  await large
  await small
  assert.deepEqual(order, ['large', 'small'])
})

test('a request for more than the whole budget runs alone', async () => {
  const budget = new MemoryBudget(10)
  const release = await budget.acquire(1000)
  let isGranted = false
  const next = budget.acquire(1).then(() => {
    isGranted = true
  })
  await new Promise(setImmediate)
  assert.equal(isGranted, false)
  release()
  await next
})

test('releasing twice releases once', async () => {
  const budget = new MemoryBudget(10)
  const release = await budget.acquire(10)
  release()
  release()
  await budget.acquire(10)
  let isGranted = false
  void budget.acquire(10).then(() => {
    isGranted = true
  })
  await new Promise(setImmediate)
  assert.equal(isGranted, false)
})

test('a caller that runs alone waits for all others, and refuses callers that want the same', async () => {
  const budget = new MemoryBudget(10)
  const releaseFirst = await budget.acquire(1)
  const alone = budget.acquireAlone()
  assert.ok(alone)
  assert.equal(budget.acquireAlone(), undefined)
  releaseFirst()
  const release = await alone
  assert.equal(budget.acquireAlone(), undefined)
  release()
  const next = budget.acquireAlone()
  assert.ok(next)
  release()
  assert.equal(budget.acquireAlone(), undefined, 'a second release does not release for another caller')
  await next
})

test('no more than the budget is ever held, and every request is granted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 40 }), async sizes => {
      const budget = new MemoryBudget(10)
      let held = 0
      await Promise.all(
        sizes.map(async size => {
          const release = await budget.acquire(size)
          held += Math.min(size, 10)
          assert.ok(held <= 10)
          await Promise.resolve()
          held -= Math.min(size, 10)
          release()
        }),
      )
      assert.equal(held, 0)
    }),
  )
})
