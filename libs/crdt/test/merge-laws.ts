import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'

/** The laws of a merge after which every order of events leads to the same state (Shapiro et al. 2011, section 2). */
export function mergeLaws<Value>(
  what: string,
  {
    values,
    merge,
    isAsNew,
  }: {
    values: fc.Arbitrary<Value>
    merge(one: Value, other: Value): Value
    /** Whether the first is not older than the second. */
    isAsNew(one: Value, other: Value): boolean
  },
): void {
  suite(`the merge of ${what}`, () => {
    test(`the merge of ${what} is commutative`, () => {
      fc.assert(
        fc.property(values, values, (one, other) => {
          assert.deepEqual(merge(one, other), merge(other, one))
        }),
      )
    })

    test(`the merge of ${what} is associative`, () => {
      fc.assert(
        fc.property(values, values, values, (one, two, three) => {
          assert.deepEqual(merge(merge(one, two), three), merge(one, merge(two, three)))
        }),
      )
    })

    test(`the merge of ${what} is idempotent`, () => {
      fc.assert(
        fc.property(values, values, (one, other) => {
          assert.deepEqual(merge(one, one), one)
          assert.deepEqual(merge(merge(one, other), other), merge(one, other))
        }),
      )
    })

    test(`the merge of ${what} is inflationary: it makes nothing older`, () => {
      fc.assert(
        fc.property(values, values, (one, other) => {
          const merged = merge(one, other)
          assert.ok(isAsNew(merged, one))
          assert.ok(isAsNew(merged, other))
        }),
      )
    })
  })
}
