import assert from 'node:assert/strict'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, type TestContext, test } from 'node:test'
import { startObjectStore, temporaryFolder, withEngine } from '@darkroom/testing'
import { blobPath } from '../src/engine/blob-path.ts'
import { type BlobId, type BlobStore, smallBytes } from '../src/engine/engine.ts'
import { FileBlobStore } from '../src/engine/file/file.ts'
import { migrateBlobs } from '../src/migrate.ts'
import { describe, read } from './conformance/open-engine.ts'
import { MiB, patterned } from './content.ts'
import { makeBucket, openStore } from './engine/s3/bucket.ts'

const lengths = [0, 1, smallBytes, smallBytes + 1, 9 * MiB]
const blobs = lengths.map((length, n) => ({
  id: { key: `blob-${n}`, stage: n % 2 === 0 ? 'pre' : 'post' } as BlobId,
  bytes: patterned(length, n),
  options: { contentType: `image/type-${n}`, fence: n },
}))

function migrate(from: BlobStore, to: BlobStore, signal = new AbortController().signal) {
  return migrateBlobs({ from, to, signal, onProgress: () => undefined })
}

async function openFolder(t: TestContext) {
  const folder = temporaryFolder(t)
  const store = await FileBlobStore.open({ folder })
  t.after(() => store.close())
  return { folder, store }
}

async function fill(store: BlobStore): Promise<void> {
  for (const { id, bytes, options } of blobs) await store.put(id, bytes, options)
}

async function assertAllThere(store: BlobStore): Promise<void> {
  for (const { id, bytes, options } of blobs) {
    const { contentType, fence } = await describe(store, id)
    assert.deepEqual({ contentType, fence }, options)
    if (bytes.length > 0) assert.ok(bytes.equals(await read(store, id)), id.key)
  }
}

suite('the migration of blobs', () => {
  test('the migration of blobs copies bytes, types and tokens, small and large; a second run copies nothing', async t => {
    const [{ store: from }, { store: to }] = [await openFolder(t), await openFolder(t)]
    await fill(from)
    assert.deepEqual(await migrate(from, to), { blobs: 5, copied: 5, newer: 0, damaged: [] })
    await assertAllThere(to)
    assert.deepEqual(await migrate(from, to), { blobs: 5, copied: 0, newer: 0, damaged: [] })
    await assertAllThere(from)
  })

  test('the migration of blobs leaves blobs with a newer token in the target as they are', async t => {
    const [{ store: from }, { store: to }] = [await openFolder(t), await openFolder(t)]
    await fill(from)
    const [{ id } = assert.fail()] = blobs
    await to.put(id, patterned(7), { contentType: 'image/png', fence: 9 })
    assert.deepEqual(await migrate(from, to), { blobs: 5, copied: 4, newer: 1, damaged: [] })
    assert.deepEqual(await read(to, id), patterned(7))
  })

  test('the migration of blobs reports damaged blobs, and copies the others', async t => {
    const [{ store: from, folder }, { store: to }] = [await openFolder(t), await openFolder(t)]
    await fill(from)
    const { id } = blobs.at(-1) ?? assert.fail()
    truncateSync(join(folder, blobPath(id)), MiB)
    assert.deepEqual(await migrate(from, to), { blobs: 4, copied: 4, newer: 0, damaged: ['pre/blob-4'] })
    assert.equal(await to.open(id), undefined)
  })

  test('the migration of blobs stops when it is interrupted', async t => {
    const [{ store: from }, { store: to }] = [await openFolder(t), await openFolder(t)]
    await fill(from)
    await assert.rejects(migrate(from, to, AbortSignal.abort(new Error('interrupted'))), /interrupted/)
    await migrate(from, to)
    await assertAllThere(to)
  })

  withEngine('s3', async radosgw => {
    const server = startObjectStore({ after }, radosgw)
    test('the migration of blobs moves a folder to a bucket, and back', async t => {
      const [{ store: from }, { store: back }] = [await openFolder(t), await openFolder(t)]
      const bucket = await openStore(t, await makeBucket(t, await server))
      await fill(from)
      assert.equal((await migrate(from, bucket)).copied, 5)
      await assertAllThere(bucket)
      assert.equal((await migrate(bucket, back)).copied, 5)
      await assertAllThere(back)
    })
  })
})
