import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '@darkroom/testing'
import type { BlobId, Condition } from '../../src/engine/engine.ts'
import { inChunks, MiB, patterned } from '../content.ts'
import { describe, id, type OpenEngine, png, read } from './open-engine.ts'

export function writesAreGuarded(open: OpenEngine): void {
  test('writes and deletes only if the condition is true', async t => {
    const store = await open(t)
    const put = (text: string, condition: Condition) =>
      store.put(id, inChunks(Buffer.from(text)), png, condition)
    const isAbsent: Condition = current => current === undefined
    const isFirst: Condition = current => current?.blob.sha256 === sha256(Buffer.from('first'))
    assert.equal((await put('first', isFirst)).kind, 'refused')
    assert.equal((await put('first', isAbsent)).kind, 'stored')
    const blob = { bytes: 6, sha256: sha256(Buffer.from('second')), ...png }
    assert.deepEqual(await put('second', isAbsent), { kind: 'refused', blob })
    assert.equal((await read(store)).toString(), 'first')
    const writers = await Promise.all(['a', 'b', 'c'].map(text => put(text, isFirst)))
    assert.deepEqual(writers.map(({ kind }) => kind).sort(), ['refused', 'refused', 'stored'])
    assert.equal(await store.delete(id, isFirst), false)
    assert.equal(await store.delete(id, current => !isAbsent(current)), true)
    assert.equal(await store.open(id), undefined)
    assert.equal(await store.delete(id), true)
  })

  test('stores exactly one of several concurrent puts to a key, complete', async t => {
    const store = await open(t)
    const contents = Array.from({ length: 12 }, (_, n) => patterned(200_000 + n * 1000, n + 1))
    const outcomes = await Promise.all(contents.map(bytes => store.put(id, inChunks(bytes), png)))
    assert.ok(outcomes.every(outcome => outcome.kind === 'stored'))
    const bytes = await read(store)
    const described = await describe(store)
    assert.ok(contents.some(content => content.equals(bytes)))
    assert.equal(described.sha256, sha256(bytes))
    assert.equal(described.bytes, bytes.length)
  })

  test('refuses an older fencing token, and accepts an equal and a newer one', async t => {
    const store = await open(t)
    const put = (text: string, fence: number) =>
      store.put(id, inChunks(Buffer.from(text)), { contentType: 'image/png', fence })
    await put('third', 3)
    assert.deepEqual(await put('second', 2), { kind: 'fenced', newest: 3 })
    assert.equal(String(await read(store)), 'third')
    assert.equal((await put('third again', 3)).kind, 'stored')
    assert.equal(String(await read(store)), 'third again')
    assert.equal((await put('fourth', 4)).kind, 'stored')
    assert.equal(String(await read(store)), 'fourth')
  })

  test('keeps the newest of concurrent fencing tokens', async t => {
    const store = await open(t)
    for (let round = 0; round < 5; round++) {
      const raced: BlobId = { key: `race-${round}`, stage: 'post' }
      const tokens = Array.from({ length: 20 }, (_, n) => n + 1).sort(() => Math.random() - 0.5)
      const outcomes = await Promise.all(
        tokens.map(fence =>
          store.put(raced, inChunks(Buffer.from(`by ${fence}`)), { contentType: 'image/png', fence }),
        ),
      )
      assert.equal(String(await read(store, raced)), 'by 20')
      assert.equal((await describe(store, raced)).fence, 20)
      assert.equal(outcomes[tokens.indexOf(20)]?.kind, 'stored')
    }
  })

  test('accepts any fencing token once the bytes are deleted', async t => {
    const store = await open(t)
    await store.put(id, inChunks(Buffer.from('new')), { ...png, fence: 9 })
    await store.delete(id)
    assert.equal((await store.put(id, inChunks(Buffer.from('old')), { ...png, fence: 1 })).kind, 'stored')
  })

  test('refuses an older fencing token for long blobs, too', async t => {
    const store = await open(t)
    const put = (fence: number) => store.put(id, inChunks(patterned(9 * MiB, fence)), { ...png, fence })
    await put(2)
    assert.deepEqual(await put(1), { kind: 'fenced', newest: 2 })
    assert.ok(patterned(9 * MiB, 2).equals(await read(store)))
    assert.equal((await put(3)).kind, 'stored')
    assert.ok(patterned(9 * MiB, 3).equals(await read(store)))
  })
}
