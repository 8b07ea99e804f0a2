import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromStored, toStored } from '../../../src/engine/etcd/stored-value.ts'

const anyRevision = fc.oneof(fc.constant(0), fc.nat(), fc.maxSafeNat())

/** Values that a client may store. They may end with the mark, or with half of it. */
const value = fc
  .tuple(fc.uint8Array({ maxLength: 40 }), anyRevision, fc.nat({ max: 40 }), fc.boolean())
  .map(([bytes, revision, cut, isStored]) => {
    const stored = toStored(bytes, Math.max(1, revision))
    return isStored ? stored.subarray(0, stored.length - (cut < 20 ? 0 : cut - 20)) : bytes
  })

test('any value comes back as it was, with the revision that it keeps, if any', () => {
  fc.assert(
    fc.property(value, anyRevision, (value, revision) => {
      const read = fromStored(toStored(value, revision))
      assert.equal(Buffer.compare(read.value, value), 0)
      assert.equal(read.keptRevision, revision === 0 ? undefined : revision)
    }),
  )
})

test('a value is stored unchanged, for people who look into etcd', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), value => {
      assert.equal(toStored(value), value)
    }),
  )
})
