import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { suite, type TestContext, test } from 'node:test'
import type { BlobId, BlobStore, Condition, PutOptions } from '../src/engine/engine.ts'
import { asStream, inChunks, MiB, patterned, sha256 } from './content.ts'

const id: BlobId = { key: 'a-key', stage: 'pre' }
const png: PutOptions = { contentType: 'image/png', fence: 0 }

/** Tests what every engine promises. `open` makes an empty store, which is closed with the test. */
export function testEngine(name: string, open: (t: TestContext) => Promise<BlobStore>): void {
  suite(`${name}, as every engine,`, { concurrency: 4 }, () => {
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

    for (const length of [0, 100, 9 * MiB]) {
      test(`copies ${length} bytes, and the copy stays when the first is replaced or deleted`, async t => {
        const store = await open(t)
        const copy = { key: 'a-copy', stage: 'pre' } as const
        const bytes = patterned(length)
        const put = await store.put(id, inChunks(bytes), png)
        const blob = await store.copy(id, copy)
        assert.deepEqual({ kind: 'stored', blob }, put)
        assert.deepEqual(await store.copy(id, copy), blob) // a request that is sent again
        await store.put(id, inChunks(Buffer.from('other')), png)
        await store.delete(id)
        await using found = await store.open(copy, { whole: true })
        assert.deepEqual(found?.blob, blob)
        if (length > 0)
          assert.ok(bytes.equals(await buffer(asStream(found?.read({ start: 0, end: length - 1 }) ?? bytes))))
        const { blobs } = await store.list('pre', { limit: 10 })
        assert.deepEqual(
          blobs.map(({ key }) => key),
          ['a-copy'],
        )
      })
    }

    test('copies nothing if there is nothing to copy', async t => {
      const store = await open(t)
      assert.equal(await store.copy(id, { key: 'a-copy', stage: 'pre' }), undefined)
      assert.deepEqual((await store.list('pre', { limit: 10 })).blobs, [])
    })

    test('writes and deletes only if the condition is true', async t => {
      const store = await open(t)
      const put = (text: string, condition: Condition) =>
        store.put(id, inChunks(Buffer.from(text)), png, condition)
      const isAbsent: Condition = current => current === undefined
      const isFirst: Condition = current => current?.blob.sha256 === sha256(Buffer.from('first'))
      assert.equal((await put('first', isFirst)).kind, 'refused')
      assert.equal((await put('first', isAbsent)).kind, 'stored')
      assert.deepEqual(await put('second', isAbsent), { kind: 'refused' })
      assert.equal((await read(store)).toString(), 'first')
      const writers = await Promise.all(['a', 'b', 'c'].map(text => put(text, isFirst)))
      assert.deepEqual(writers.map(({ kind }) => kind).sort(), ['refused', 'refused', 'stored'])
      assert.equal(await store.delete(id, isFirst), false)
      assert.equal(await store.delete(id, current => !isAbsent(current)), true)
      assert.equal(await store.open(id), undefined)
      assert.equal(await store.delete(id), true)
    })

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

    test('opens nothing if nothing was put', async t => {
      assert.equal(await (await open(t)).open(id), undefined)
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

    test('keeps content types as they were given', async t => {
      const store = await open(t)
      for (const contentType of ['image/png; name="\u00e9"', 'x'.repeat(255), '\u00ff'.repeat(255)]) {
        await store.put(id, inChunks(Buffer.from('x')), { contentType, fence: 0 })
        assert.equal((await describe(store)).contentType, contentType)
      }
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

    test('deletes blobs, and accepts that there is no blob', async t => {
      const store = await open(t)
      await store.delete(id)
      await store.put(id, inChunks(Buffer.from('x')), png)
      await store.delete(id)
      await store.delete(id)
      assert.equal(await store.open(id), undefined)
      assert.deepEqual(await listAll(store), [])
    })

    test('lists every blob of a stage once, in pages, while others come and go', async t => {
      const store = await open(t)
      const keys = Array.from({ length: 60 }, (_, n) => `steady-${n}`)
      for (const key of keys) await store.put({ key, stage: 'pre' }, inChunks(Buffer.from(key)), png)
      await store.put({ key: 'elsewhere', stage: 'post' }, inChunks(Buffer.from('x')), png)
      const listed: string[] = []
      let cursor: string | undefined
      for (let page = 0; ; page++) {
        const { blobs, next } = await store.list('pre', { limit: 7, cursor })
        assert.ok(blobs.length <= 7)
        listed.push(...blobs.map(({ key }) => key))
        if (next === undefined) break
        cursor = next
        await store.put({ key: `passing-${page}`, stage: 'pre' }, inChunks(Buffer.from('x')), png)
        if (page > 0) await store.delete({ key: `passing-${page - 1}`, stage: 'pre' })
      }
      assert.deepEqual(listed.filter(key => key.startsWith('steady-')).sort(), keys.toSorted())
      assert.equal(new Set(listed).size, listed.length)
    })

    test('lists when blobs were put', async t => {
      const store = await open(t)
      await store.put(id, inChunks(Buffer.from('x')), png)
      const { blobs, next } = await store.list('pre', { limit: 10 })
      assert.equal(next, undefined)
      assert.equal(blobs[0]?.key, id.key)
      assert.ok(Math.abs(Number(blobs[0]?.modifiedAt) - Date.now()) < 60_000)
      assert.deepEqual(await store.list('post', { limit: 10 }), { blobs: [] })
    })

    test('is ready when it is open', async t => {
      await (await open(t)).checkReady()
    })

    test('may be closed twice', async t => {
      const store = await open(t)
      await store.close()
      await store.close()
    })
  })
}

async function opened(store: BlobStore, which = id) {
  const found = await store.open(which)
  assert.ok(found, `${which.key}/${which.stage} is there`)
  return found
}

async function describe(store: BlobStore, which = id) {
  await using found = await opened(store, which)
  return found.blob
}

async function read(store: BlobStore, which = id): Promise<Buffer> {
  await using found = await opened(store, which)
  return await buffer(asStream(found.read({ start: 0, end: found.blob.bytes - 1 })))
}

async function listAll(store: BlobStore): Promise<string[]> {
  const pages = await Promise.all([store.list('pre', { limit: 1000 }), store.list('post', { limit: 1000 })])
  return pages.flatMap(({ blobs }) => blobs.map(({ key }) => key))
}

async function* throwingAfter(bytes: number): AsyncGenerator<Uint8Array> {
  yield* inChunks(patterned(bytes))
  throw halfWay
}

/** As when a client hangs up: an engine must not mistake it for a failure of its own connections. */
const halfWay = Object.assign(new Error('half-way'), { code: 'ECONNRESET' })
const isHalfWay = (error: unknown) => error === halfWay
