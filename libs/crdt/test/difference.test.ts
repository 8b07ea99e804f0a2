import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { bucketCount, differingBuckets, type Entry, State, writeRegister } from '../src/index.ts'
import { exchange } from './exchange.ts'
import { entries } from './sample-entries.ts'

function registersNamed(prefix: string, count: number): Entry[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: 'register',
    name: `${prefix}${index}`,
    ...writeRegister(undefined, 'node-1', index),
  }))
}

suite('the difference of two states', () => {
  test('the difference of two states is empty when they are the same, and no version is exchanged', () => {
    const [one, other] = [new State(registersNamed('a', 500)), new State(registersNamed('a', 500).reverse())]
    assert.deepEqual(differingBuckets(one.digest(), other.digest()), [])
    assert.equal(one.versions([]).length, 0)
  })

  test('the difference of two states is in one bucket when one entry differs', () => {
    const [one, other] = [new State(registersNamed('a', 500)), new State(registersNamed('a', 500))]
    other.merge({ kind: 'register', name: 'a7', ...writeRegister(other.register('a7'), 'node-2', 'new') })
    const buckets = differingBuckets(one.digest(), other.digest())
    assert.equal(buckets.length, 1)
    assert.ok(other.versions(buckets).length < (3 * 500) / bucketCount)
    assert.equal(exchange(one, other).entries, 1)
    assert.equal(one.register('a7')?.value, 'new')
  })

  test('the difference of two states makes any two states equal, in pages of any size', () => {
    const given = fc.array(entries, { maxLength: 40 })
    fc.assert(
      fc.property(given, given, fc.integer({ min: 1, max: 5 }), (ofOne, ofOther, pageSize) => {
        const [one, other] = [new State(ofOne), new State(ofOther)]
        const all = new State([...ofOne, ...ofOther])
        exchange(one, other, pageSize)
        assert.deepEqual(one.digest(), all.digest())
        assert.deepEqual(other.digest(), all.digest())
      }),
    )
  })

  test('the difference of two states sends each entry once, to the state that lacks it', () => {
    const [mine, theirs] = [registersNamed('mine', 40), registersNamed('theirs', 60)]
    const common = registersNamed('common', 200)
    const [one, other] = [new State([...mine, ...common]), new State([...theirs, ...common])]
    assert.equal(exchange(one, other, 1000).entries, 100)
    assert.deepEqual(one.digest(), other.digest())
    assert.equal(one.size, 300)
  })
})
