import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { sha256 } from '@darkroom/testing'
import type { BlobId } from '../../src/engine/engine.ts'
import { asStream, inChunks, MiB, patterned } from '../content.ts'
import { describe, id, listAll, type OpenEngine, opened, png, read } from './open-engine.ts'

export function contentsAreKept(open: OpenEngine): void {
  // Around the engines' own limits: writes of 1 MiB, parts of 8 MiB.
  for (const length of [0, 1, MiB - 1, MiB, MiB + 1, 8 * MiB - 1, 8 * MiB, 8 * MiB + 1, 20 * MiB]) {
    test(`returns ${length} bytes as they were put`, async t => {
      const store = await open(t)
      const bytes = patterned(length)
      const described = { bytes: length, sha256: sha256(bytes), ...png }
      assert.deepEqual(await store.put(id, inChunks(bytes), png), { kind: 'stored', blob: described })
      await using found = await opened(store)
      assert.deepEqual(found.blob, described)
      assert.ok(Math.abs(found.modifiedAt.getTime() - Date.now()) < 60_000)
      if (length > 0)
        assert.ok(bytes.equals(await buffer(asStream(found.read({ start: 0, end: length - 1 })))))
    })
  }

  test('accepts chunks of every size', async t => {
    const store = await open(t)
    const bytes = patterned(3 * MiB)
    for (const chunkBytes of [7919, 2 * MiB, 3 * MiB]) {
      await store.put(id, inChunks(bytes, chunkBytes), png)
      assert.equal((await describe(store)).sha256, sha256(bytes))
      assert.ok(bytes.equals(await read(store)))
    }
    const short = patterned(20_000)
    await store.put(id, inChunks(short, 1), png)
    assert.ok(short.equals(await read(store)))
  })

  test('keeps no chunk after it requests the next: its memory may be reused', async t => {
    const store = await open(t)
    const bytes = patterned(2 * MiB)
    async function* reusing() {
      const memory = Buffer.alloc(1000)
      for await (const chunk of inChunks(bytes, memory.length)) {
        memory.set(chunk)
        yield memory.subarray(0, chunk.length)
      }
    }
    await store.put(id, reusing(), png)
    assert.ok(bytes.equals(await read(store)))
  })

  test('keeps keys and stages apart', async t => {
    const store = await open(t)
    const ids: BlobId[] = ['one', 'One', 'o-n_e', 'x'.repeat(128)].flatMap(key => [
      { key, stage: 'pre' },
      { key, stage: 'post' },
    ])
    for (const [n, each] of ids.entries()) await store.put(each, inChunks(Buffer.from([n])), png)
    for (const [n, each] of ids.entries()) assert.deepEqual(await read(store, each), Buffer.from([n]))
    await store.delete({ key: 'one', stage: 'pre' })
    assert.equal(await store.open({ key: 'one', stage: 'pre' }), undefined)
    assert.deepEqual(await read(store, { key: 'one', stage: 'post' }), Buffer.from([1]))
  })

  test('replaces bytes and their facts', async t => {
    const store = await open(t)
    await store.put(id, inChunks(patterned(3 * MiB)), png)
    await store.put(id, inChunks(patterned(9 * MiB)), png)
    await store.put(id, inChunks(Buffer.from('short')), { contentType: 'image/webp', fence: 2 })
    assert.deepEqual(await describe(store), {
      bytes: 5,
      sha256: sha256(Buffer.from('short')),
      contentType: 'image/webp',
      fence: 2,
    })
    assert.equal(String(await read(store)), 'short')
  })

  for (const length of [2 * MiB, 20 * MiB]) {
    test(`leaves nothing of content that throws after ${length} bytes`, async t => {
      const store = await open(t)
      await assert.rejects(store.put(id, throwingAfter(length), png), isHalfWay)
      assert.equal(await store.open(id), undefined)
      assert.deepEqual(await listAll(store), [])
    })
  }

  test('keeps the stored blob if new content throws half-way', async t => {
    const store = await open(t)
    await store.put(id, inChunks(Buffer.from('before')), png)
    await assert.rejects(store.put(id, throwingAfter(2 * MiB), png), isHalfWay)
    assert.equal(String(await read(store)), 'before')
  })

  test('keeps content types as they were given', async t => {
    const store = await open(t)
    for (const contentType of ['image/png; name="\u00e9"', 'x'.repeat(255), '\u00ff'.repeat(255)]) {
      await store.put(id, inChunks(Buffer.from('x')), { contentType, fence: 0 })
      assert.equal((await describe(store)).contentType, contentType)
    }
  })
}

async function* throwingAfter(bytes: number): AsyncGenerator<Uint8Array> {
  yield* inChunks(patterned(bytes))
  throw halfWay
}

/** As when a client hangs up: an engine must not mistake it for a failure of its own connections. */
const halfWay = Object.assign(new Error('half-way'), { code: 'ECONNRESET' })
const isHalfWay = (error: unknown) => error === halfWay
