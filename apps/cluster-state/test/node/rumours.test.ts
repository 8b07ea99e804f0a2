import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Entry, keyOf, State, sizeOf, writeRegister } from '@darkroom/crdt'
import { pack, Rumours } from '../../src/node/rumours.ts'

const entry = (name: string): Entry => ({ kind: 'register', name, ...writeRegister(undefined, 'n', 'x') })
const key = (name: string) => keyOf(entry(name))
const state = new State(['a', 'b', 'c', 'd'].map(entry))
const one = sizeOf(entry('a'))
const names = (entries: readonly Entry[]) => entries.map(({ name }) => name).toSorted()

suite('rumours', () => {
  test('rumours are sent for the given number of rounds', () => {
    const rumours = new Rumours()
    rumours.add(key('a'), 2)
    rumours.add(key('b'), 1)
    assert.deepEqual(names(rumours.take(state, 10 * one)), ['a', 'b'])
    assert.deepEqual(names(rumours.take(state, 10 * one)), ['a'])
    assert.equal(rumours.isEmpty, true)
    assert.deepEqual(rumours.take(state, 10 * one), [])
  })

  test('rumours begin again when their entry changes', () => {
    const rumours = new Rumours()
    rumours.add(key('a'), 2)
    rumours.take(state, 10 * one)
    rumours.add(key('a'), 2)
    rumours.take(state, 10 * one)
    assert.equal(rumours.isEmpty, false)
  })

  test('rumours that do not fit into a message are sent later, the least sent first', () => {
    const rumours = new Rumours()
    for (const name of ['a', 'b', 'c', 'd']) rumours.add(key(name), 2)
    const sent = Array.from({ length: 4 }, () => names(rumours.take(state, 2 * one)))
    assert.deepEqual(sent.flat().toSorted(), ['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd'])
    assert.deepEqual(new Set(sent.slice(0, 2).flat()), new Set(['a', 'b', 'c', 'd']))
    assert.equal(rumours.isEmpty, true)
  })
})

test('a message holds at least one entry, even a very large one', () => {
  const keys = ['a', 'b'].map(key)
  assert.equal(pack(state, keys, 1).length, 1)
  assert.equal(pack(state, keys, 2 * one).length, 2)
  assert.equal(pack(state, keys, 2 * one - 1).length, 1)
})
