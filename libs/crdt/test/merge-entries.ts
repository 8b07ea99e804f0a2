import assert from 'node:assert/strict'
import { type Entry, State } from '../src/index.ts'

/** The entry of a state that merged two entries of one key, one after the other. */
export function mergeEntries<E extends Entry>(one: E, other: E): E {
  const [merged, ...others] = new State([one, other]).entries()
  assert.ok(merged === one || merged === other)
  assert.equal(others.length, 0)
  return merged === one ? one : other
}
