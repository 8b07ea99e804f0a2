import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LeaseEnds } from '../../../src/engine/etcd/lease-ends.ts'

/** A query whose result is ten minutes, and the number of its calls. */
function countedQuery() {
  let count = 0
  const readSeconds = async () => {
    count += 1
    return 600
  }
  return { readSeconds, times: () => count }
}

test('simultaneous callers for one lease share a query', async () => {
  const ends = new LeaseEnds()
  const { readSeconds, times } = countedQuery()
  await Promise.all([ends.endOf('a', readSeconds), ends.endOf('a', readSeconds)])
  await ends.endOf('a', readSeconds)
  assert.equal(times(), 1)
})

test('an end that has passed, or that was forgotten, is queried again', async () => {
  const ends = new LeaseEnds()
  const { readSeconds, times } = countedQuery()
  ends.record('a', ends.now() - 10_000, 10)
  assert.ok((await ends.endOf('a', readSeconds)).getTime() > Date.now())
  ends.forget('a')
  await ends.endOf('a', readSeconds)
  assert.equal(times(), 2)
})

test('the end after a known renewal needs no query', async () => {
  const ends = new LeaseEnds({ now: () => 1_000_000, monotonic: () => 5000 })
  const { readSeconds, times } = countedQuery()
  ends.record('a', 995_000, 10)
  ends.record('a', 999_000, 10)
  assert.equal((await ends.endOf('a', readSeconds)).getTime(), 1_009_000)
  assert.equal(times(), 0)
})

test('fault: the clock is set back: a known end is reported in the new time of day', async () => {
  const clock = { ms: 1_000_000 }
  const ends = new LeaseEnds({ now: () => clock.ms, monotonic: () => 5000 })
  ends.record('a', ends.now(), 10)
  clock.ms -= 3_600_000
  assert.equal((await ends.endOf('a', countedQuery().readSeconds)).getTime(), clock.ms + 10_000)
})

test('after a failed query, the next caller queries again', async () => {
  const ends = new LeaseEnds()
  const fail = async () => Promise.reject(new Error('it does not answer'))
  await assert.rejects(ends.endOf('a', fail), /does not answer/)
  assert.ok(await ends.endOf('a', async () => 10))
})

test('expired leases are removed', () => {
  const ends = new LeaseEnds()
  for (let n = 0; n < 10_000; n += 1) ends.record(`ended ${n}`, 0, 10)
  assert.ok(ends.size <= 1000, `${ends.size} are kept`)
})
