import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { type Count, compareCounts, maxCount, raiseCount, sumOf, windowsOf } from '../src/index.ts'
import { mergeEntries } from './merge-entries.ts'
import { mergeLaws } from './merge-laws.ts'
import { rivalCounts } from './sample-entries.ts'

mergeLaws('counts', {
  values: rivalCounts,
  merge: mergeEntries,
  isAsNew: (one, other) => compareCounts(one, other) >= 0,
})

const second = 1000
const minute = 60 * second
const hour = 60 * minute
/** 2026-01-01T00:00:00Z: the start of a second, a minute and an hour. */
const start = 1_767_225_600_000

interface Increment {
  at: number
  amount: number
}

function countOf(increments: readonly Increment[]): Count | undefined {
  return increments.reduce<Count | undefined>(
    (count, { at, amount }) => raiseCount(count, amount, at),
    undefined,
  )
}

/** In chronological order, from minutes to days apart. */
const history = fc
  .array(
    fc.record({
      gap: fc.oneof(fc.nat(3 * second), fc.nat(10 * minute), fc.nat(30 * hour)),
      amount: fc.integer({ min: 1, max: 1000 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map(steps => {
    let at = start
    return steps.map(({ gap, amount }): Increment => {
      at += gap
      return { at, amount }
    })
  })

suite('a count', () => {
  test('a count is the sum of its increments, and becomes newer with each', () => {
    fc.assert(
      fc.property(history, increments => {
        let count: Count | undefined
        for (const { at, amount } of increments) {
          const raised = raiseCount(count, amount, at)
          if (count) assert.ok(compareCounts(raised, count) > 0)
          count = raised
        }
        assert.equal(
          count?.total,
          increments.reduce((sum, { amount }) => sum + amount, 0),
        )
      }),
    )
  })

  test('a count stays the same through JSON', () => {
    fc.assert(
      fc.property(history, increments => {
        const count = countOf(increments)
        assert.deepEqual(JSON.parse(JSON.stringify(count)), count)
      }),
    )
  })

  test('a count keeps at most the size of its rings, for any times', () => {
    const jumps = fc.array(fc.integer({ min: 0, max: 2 * start }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(jumps, instants => {
        const count = countOf(instants.map(at => ({ at, amount: 2 })))
        assert.ok(count)
        assert.equal(count.total, 2 * instants.length)
        for (const [ring, size] of [
          [count.seconds, 120],
          [count.minutes, 120],
          [count.hours, 48],
        ] as const) {
          assert.ok(ring.counts.length <= size)
          assert.ok(ring.counts.reduce((one, other) => one + other, 0) <= count.total)
        }
      }),
    )
  })

  test('a count continues from now when a clock that was ahead is corrected', () => {
    const ahead = raiseCount(undefined, 5, start + 365 * 24 * hour)
    const right = raiseCount(ahead, 3, start)
    assert.equal(right.total, 8)
    assert.deepEqual(windowsOf([right], { windowMs: minute, buckets: 1, now: start })?.counts, [3])
  })
})

suite('the value of a counter', () => {
  test('the value of a counter is the sum over its nodes', () => {
    fc.assert(
      fc.property(fc.array(history, { maxLength: 5 }), histories => {
        const counts = histories.flatMap(increments => countOf(increments) ?? [])
        const expected = histories.flat().reduce((sum, { amount }) => sum + amount, 0)
        assert.equal(sumOf(counts), expected)
      }),
    )
  })

  test('the value of a counter stays exact at its limit', () => {
    const half = raiseCount(undefined, 2 ** 52, start)
    assert.equal(sumOf([half, raiseCount(undefined, 2 ** 52 - 1, start)]), maxCount)
    assert.equal(sumOf([half, half, half]), maxCount)
  })
})

suite('the windows of a counter', () => {
  const windows = [
    { windowMs: minute, buckets: 60, unit: second },
    { windowMs: 2 * minute, buckets: 4, unit: second },
    { windowMs: hour, buckets: 6, unit: minute },
    { windowMs: 2 * hour, buckets: 120, unit: minute },
    { windowMs: 24 * hour, buckets: 24, unit: hour },
    { windowMs: 48 * hour, buckets: 2, unit: hour },
  ]

  for (const { windowMs, buckets, unit } of windows) {
    test(`the windows of a counter have the amounts of the last ${windowMs / second} s, in ${buckets} parts`, () => {
      fc.assert(
        fc.property(fc.array(history, { maxLength: 3 }), fc.nat(2 * hour), (histories, later) => {
          const increments = histories.flat()
          const now = Math.max(start, ...increments.map(({ at }) => at)) + later
          const counts = histories.flatMap(one => countOf(one) ?? [])
          const end = (Math.floor(now / unit) + 1) * unit
          const bucketMs = windowMs / buckets
          const expected = Array.from({ length: buckets }, (_, bucket) => {
            const from = end - windowMs + bucket * bucketMs
            const within = increments.filter(({ at }) => at >= from && at < from + bucketMs)
            return within.reduce((sum, { amount }) => sum + amount, 0)
          })
          const read = windowsOf(counts, { windowMs, buckets, now })
          assert.deepEqual(read, { from: end - windowMs, bucketMs, counts: expected })
        }),
      )
    })
  }

  test('the windows of a counter are undefined when the rings do not have them', () => {
    const refused = [
      { windowMs: 49 * hour, buckets: 1 },
      { windowMs: 5 * minute, buckets: 10 },
      { windowMs: minute, buckets: 7 },
      { windowMs: 3 * hour, buckets: 6 },
    ]
    for (const each of refused) assert.equal(windowsOf([], { ...each, now: start }), undefined)
  })

  test('the windows of a counter leave out future counts of a node whose clock is ahead', () => {
    const ahead = raiseCount(undefined, 5, start + 10 * second)
    assert.deepEqual(windowsOf([ahead], { windowMs: minute, buckets: 1, now: start })?.counts, [0])
  })
})
