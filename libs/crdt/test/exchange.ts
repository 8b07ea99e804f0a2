import assert from 'node:assert/strict'
import { differenceOf, differingBuckets, type State } from '../src/index.ts'

/** Makes two states equal by exchanging the entries that each lacks, a page of versions at a time. */
export function exchange(one: State, other: State, pageSize = 3): { pages: number; entries: number } {
  const buckets = differingBuckets(one.digest(), other.digest())
  const passed = { pages: 0, entries: 0 }
  let after: string | undefined
  do {
    const found = other.versions(buckets, { after, limit: pageSize + 1 })
    const versions = found.slice(0, pageSize)
    const next = found.length > pageSize ? versions.at(-1)?.key : undefined
    const { newer, wanted } = differenceOf(one, { buckets, versions, after, next })
    // Entries with the same rank go both ways: they are read before either state changes.
    const there = wanted.map(key => other.get(key))
    const here = newer.map(key => one.get(key))
    for (const [to, entries] of [
      [one, there],
      [other, here],
    ] as const) {
      for (const entry of entries) {
        assert.ok(entry)
        to.merge(entry)
        passed.entries++
      }
    }
    passed.pages++
    after = next
  } while (after !== undefined)
  return passed
}
