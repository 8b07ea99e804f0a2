import assert from 'node:assert/strict'
import { test } from 'node:test'
import { characterOf, lastCharacter } from '@darkroom/testing'
import fc from 'fast-check'
import { always, bytes, type OpenEngine, put, remove, text, written } from './open-engine.ts'

const oddKeys = [
  'services/task-db/a',
  '/',
  '//',
  '.',
  '../x',
  ' ',
  'a b',
  'a%2Fb',
  '?#&=+;',
  '"quoted"',
  "it's",
  '*_%',
  '\u0000',
  'line\nbreak',
  'ключ/鍵/🔑',
  'é',
  'e\u0301',
  '\uffff',
  'x'.repeat(512),
]

export function valuesAreKept(openEngine: OpenEngine): void {
  test('a key that was never set has no entry', async t => {
    const store = await openEngine(t)
    assert.equal((await store.get('a')).entry, undefined)
  })

  for (const [what, value] of [
    ['all 256 bytes', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
    ['no bytes', new Uint8Array(0)],
    ['1 MiB', Uint8Array.from({ length: 1024 * 1024 }, (_, at) => (at * 31) >> 4)],
  ] as const) {
    test(`a value of ${what} comes back as it was`, async t => {
      const store = await openEngine(t)
      const { revision, isNew } = written(await store.set('a', value, { condition: always }))
      assert.equal(isNew, true)
      const { entry } = await store.get('a')
      assert.ok(entry)
      assert.equal(Buffer.compare(entry.value, value), 0)
      assert.deepEqual([entry.key, entry.revision, entry.isLeased], ['a', revision, false])
      const { entries } = await store.list({ prefix: 'a', limit: 1 })
      assert.equal(Buffer.compare(entries[0]?.value ?? bytes('none'), value), 0)
    })
  }

  test('keys of unusual characters are distinct keys', async t => {
    const store = await openEngine(t)
    for (const key of oddKeys) await put(store, key, `value of ${key}`)
    for (const key of oddKeys) assert.equal(text((await store.get(key)).entry), `value of ${key}`)
    const { entries } = await store.list({ prefix: '', limit: 1000 })
    assert.deepEqual(new Set(entries.map(({ key }) => key)), new Set(oddKeys))
  })

  test('any text may be a key, and any bytes a value', async t => {
    const store = await openEngine(t)
    const key = fc.string({ unit: fc.nat(lastCharacter).map(characterOf), minLength: 1, maxLength: 128 })
    const value = fc.uint8Array({ maxLength: 300 })
    await fc.assert(
      fc.asyncProperty(key, value, async (key, value) => {
        await store.set(key, value, { condition: always })
        const { entry } = await store.get(key)
        assert.equal(entry?.key, key)
        assert.deepEqual(Buffer.from(entry.value), Buffer.from(value))
      }),
      { numRuns: 60 },
    )
  })

  test('a value is replaced by the next one', async t => {
    const store = await openEngine(t)
    await put(store, 'a', 'one')
    const { revision, isNew } = await put(store, 'a', 'two')
    assert.equal(isNew, false)
    const { entry } = await store.get('a')
    assert.deepEqual([text(entry), entry?.revision], ['two', revision])
  })

  test('deleting removes an entry, and changes nothing if there is none', async t => {
    const store = await openEngine(t)
    const first = await put(store, 'a', 'one')
    const deleted = await remove(store, 'a')
    assert.ok(deleted.revision > first.revision)
    assert.equal((await store.get('a')).entry, undefined)
    assert.deepEqual((await store.list({ prefix: '', limit: 10 })).entries, [])
    assert.equal((await remove(store, 'a')).revision, (await store.get('a')).revision)
    assert.equal((await store.get('a')).revision, deleted.revision)
  })

  test('a key that was deleted is new when it is set again', async t => {
    const store = await openEngine(t)
    await put(store, 'a', 'one')
    const deleted = await remove(store, 'a')
    const again = await put(store, 'a', 'one')
    assert.equal(again.isNew, true)
    assert.ok(again.revision > deleted.revision)
  })

  test('every change of any key increases the revision, and reads return the latest', async t => {
    const store = await openEngine(t)
    const revisions = [(await store.get('a')).revision]
    for (const key of ['a', 'b', 'a', 'c', 'b']) {
      revisions.push((await put(store, key, `after ${revisions.length}`)).revision)
      assert.equal(await store.revision(), revisions.at(-1))
      assert.equal((await store.get('unset')).revision, revisions.at(-1))
      assert.equal((await store.list({ prefix: 'unset', limit: 1 })).revision, revisions.at(-1))
      revisions.push((await remove(store, key)).revision)
    }
    assert.deepEqual(
      revisions,
      [...new Set(revisions)].sort((a, b) => a - b),
    )
  })

  test('simultaneous writes all take effect, each with its own revision', async t => {
    const store = await openEngine(t)
    const keys = Array.from({ length: 50 }, (_, n) => `key-${n}`)
    const outcomes = await Promise.all(keys.map(key => put(store, key, key)))
    assert.equal(new Set(outcomes.map(({ revision }) => revision)).size, 50)
    const { entries } = await store.list({ prefix: 'key-', limit: 100 })
    assert.deepEqual(entries.map(text).sort(), keys.sort())
  })
}
