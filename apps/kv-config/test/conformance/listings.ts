import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { KvStore } from '../../src/engine/engine.ts'
import { always, byBytes, type OpenEngine, put, remove } from './open-engine.ts'

export function listingsAreOrdered(openEngine: OpenEngine): void {
  test('keys are listed in the order of their bytes', async t => {
    const store = await openEngine(t)
    // JavaScript puts the surrogates of U+10000 before U+FFFF; UTF-8 doesn't.
    const keys = ['Z', 'a', 'a/', 'a/b', 'a0', 'aa', 'é', '\uffff', '\u{10000}']
    for (const key of keys.toReversed()) await put(store, key, key)
    assert.deepEqual(await readPages(store, '', 100), [keys])
  })

  test('a prefix selects the keys that begin with it, including the key equal to it', async t => {
    const store = await openEngine(t)
    for (const key of ['a', 'a/', 'a/b', 'a/b/c', 'a0', 'b', '🔑', '🔑/a']) await put(store, key, key)
    assert.deepEqual(await readPages(store, 'a/', 100), [['a/', 'a/b', 'a/b/c']])
    assert.deepEqual(await readPages(store, '🔑', 100), [['🔑', '🔑/a']])
    assert.deepEqual(await readPages(store, 'c', 100), [[]])
  })

  test('pages have the requested size, and only the last has no cursor', async t => {
    const store = await openEngine(t)
    for (const key of ['a', 'b', 'c', 'd']) await put(store, key, key)
    assert.deepEqual(await readPages(store, '', 3), [['a', 'b', 'c'], ['d']])
    assert.deepEqual(await readPages(store, '', 2), [
      ['a', 'b'],
      ['c', 'd'],
    ])
    assert.deepEqual(await readPages(store, '', 4), [['a', 'b', 'c', 'd']])
  })

  test('a listing continues at its cursor although keys were added and deleted meanwhile', async t => {
    const store = await openEngine(t)
    for (const key of ['b', 'd', 'f']) await put(store, key, key)
    const { next } = await store.list({ prefix: '', limit: 2 })
    assert.equal(next, 'd')
    await remove(store, 'd')
    for (const key of ['a', 'c', 'e']) await put(store, key, key)
    const { entries } = await store.list({ prefix: '', limit: 10, cursor: next })
    assert.deepEqual(
      entries.map(({ key }) => key),
      ['e', 'f'],
    )
  })

  test('a page ends where its values reach 4 MiB', async t => {
    const store = await openEngine(t)
    const value = new Uint8Array(1024 * 1024)
    const keys = ['a', 'b', 'c', 'd', 'e', 'f']
    await Promise.all(keys.map(key => store.set(key, value, { condition: always })))
    assert.deepEqual(await readPages(store, '', 100), [
      ['a', 'b', 'c', 'd'],
      ['e', 'f'],
    ])
    for (const key of keys) await put(store, `small/${key}`, key)
    assert.equal((await readPages(store, '', 100)).length, 2)
  })

  test('a long listing is complete', async t => {
    const store = await openEngine(t)
    const keys = Array.from({ length: 150 }, (_, n) => `key-${String(n).padStart(3, '0')}`)
    await Promise.all(keys.map(key => put(store, key, key)))
    assert.deepEqual(await readPages(store, 'key-', 1000), [keys])
  })

  test('a cursor before the prefix begins with the prefix; a cursor behind it ends the listing', async t => {
    const store = await openEngine(t)
    for (const key of ['a', 'b/1', 'c']) await put(store, key, key)
    const keysAfter = async (cursor: string) =>
      (await store.list({ prefix: 'b/', limit: 10, cursor })).entries.map(({ key }) => key)
    assert.deepEqual(await keysAfter('a'), ['b/1'])
    assert.deepEqual(await keysAfter('b/1'), [])
    assert.deepEqual(await keysAfter('c'), [])
  })

  test('pages of any size together contain all keys with the prefix once, in order', async t => {
    const store = await openEngine(t)
    const unit = fc.constantFrom('a', 'b', '/', '%', '_', 'é', '\uffff', '🔑')
    const key = fc.string({ unit, minLength: 1, maxLength: 6 })
    const keys = fc.uniqueArray(key, { maxLength: 25 })
    const prefix = fc.string({ unit, maxLength: 2 })
    await fc.assert(
      fc.asyncProperty(keys, prefix, fc.integer({ min: 1, max: 7 }), async (keys, prefix, limit) => {
        await Promise.all((await readPages(store, '', 1000)).flat().map(key => remove(store, key)))
        await Promise.all(keys.map(key => put(store, key, key)))
        const pages = await readPages(store, prefix, limit)
        assert.ok(pages.every(page => page.length <= limit))
        assert.deepEqual(pages.flat(), keys.filter(key => key.startsWith(prefix)).sort(byBytes))
      }),
      { numRuns: 40 },
    )
  })
}

/** The keys of all pages of a listing. */
async function readPages(store: KvStore, prefix: string, limit: number): Promise<string[][]> {
  const pages: string[][] = []
  let cursor: string | undefined
  do {
    const { entries, next } = await store.list({ prefix, limit, cursor })
    pages.push(entries.map(({ key }) => key))
    cursor = next
  } while (cursor !== undefined)
  return pages
}
