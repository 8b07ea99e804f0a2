import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { sha256 } from '@darkroom/testing'
import type { BlobStore } from '../../src/engine/engine.ts'
import { asStream, inChunks, MiB, patterned } from '../content.ts'
import { id, type OpenEngine, opened, png } from './open-engine.ts'

export function readsAreStable(open: OpenEngine): void {
  test('reads any range', async t => {
    const store = await open(t)
    const bytes = patterned(MiB + 10)
    await store.put(id, inChunks(bytes), png)
    const last = bytes.length - 1
    const ranges = [
      [0, 0],
      [last, last],
      [0, last],
      [1, last - 1],
      [MiB - 1, MiB],
      [300_000, 700_000],
    ] as const
    for (const [start, end] of ranges) {
      await using found = await opened(store)
      const part = await buffer(asStream(found.read({ start, end })))
      assert.ok(part.equals(bytes.subarray(start, end + 1)), `${start} to ${end}`)
    }
  })

  test('opens nothing if nothing was put', async t => {
    assert.equal(await (await open(t)).open(id), undefined)
  })

  test('returns the facts of a blob that was opened in parts, and reads its parts', async t => {
    const store = await open(t)
    for (const length of [MiB, 9 * MiB]) {
      const bytes = patterned(length)
      await store.put(id, inChunks(bytes), png)
      await using found = await store.open(id, { whole: false })
      assert.deepEqual(found?.blob, { bytes: length, sha256: sha256(bytes), ...png })
      const end = await buffer(asStream(found.read({ start: length - 10, end: length - 1 })))
      assert.ok(end.equals(bytes.subarray(-10)))
    }
    assert.equal(await store.open({ ...id, key: 'another' }, { whole: false }), undefined)
  })

  for (const [change, disturb] of Object.entries({
    'an overwrite': (store: BlobStore) => store.put(id, inChunks(patterned(4 * MiB, 2)), png),
    'a delete': (store: BlobStore) => store.delete(id),
  })) {
    test(`allows a reader that began before ${change} to read to the end of its blob`, async t => {
      const store = await open(t)
      const bytes = patterned(12 * MiB)
      await store.put(id, inChunks(bytes), png)
      await using early = await opened(store)
      await using late = await opened(store)
      const reading = asStream(early.read({ start: 0, end: bytes.length - 1 }))[Symbol.asyncIterator]()
      const first = await reading.next()
      await disturb(store)
      const rest = await Array.fromAsync({ [Symbol.asyncIterator]: () => reading })
      assert.ok(bytes.equals(Buffer.concat([first.value, ...rest])))
      assert.ok(bytes.equals(await buffer(asStream(late.read({ start: 0, end: bytes.length - 1 })))))
    })
  }

  test('may be closed before, while and after an open blob is read', async t => {
    const store = await open(t)
    await store.put(id, inChunks(patterned(4 * MiB)), png)
    const unread = await opened(store)
    await unread[Symbol.asyncDispose]()
    await unread[Symbol.asyncDispose]()
    await using partly = await opened(store)
    for await (const _chunk of asStream(partly.read({ start: 0, end: 4 * MiB - 1 }))) break
    await using whole = await opened(store)
    await buffer(asStream(whole.read({ start: 0, end: 4 * MiB - 1 })))
  })
}
