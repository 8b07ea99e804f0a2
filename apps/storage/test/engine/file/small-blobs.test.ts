// Slow: it waits for the disk.

import assert from 'node:assert/strict'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { StoreFull, StoreUnavailable } from '@darkroom/service-kit'
import { breakDisk, temporaryFolder } from '@darkroom/testing'
import { blobPath, shardOf } from '../../../src/engine/blob-path.ts'
import type { BlobId } from '../../../src/engine/engine.ts'
import { BlobFiles } from '../../../src/engine/file/blob-files.ts'
import { FileBlobStore } from '../../../src/engine/file/file.ts'
import { read } from '../../conformance/open-engine.ts'
import { inChunks, patterned } from '../../content.ts'

const id: BlobId = { key: 'a-key', stage: 'post' }
const png = { contentType: 'image/png', fence: 1 }
const row = patterned(100, 1)
const file = patterned(200, 2)

async function openIn(t: TestContext, folder = temporaryFolder(t)) {
  const store = await FileBlobStore.open({ folder })
  t.after(() => store.close())
  const hasFile = (which = id) => existsSync(join(folder, blobPath(which)))
  return { store, folder, hasFile }
}

type Opened = Awaited<ReturnType<typeof openIn>>

const putRow = ({ store }: Opened, fence = 1) => store.put(id, row, { ...png, fence })
const putFile = ({ store }: Opened, fence = 1) => store.put(id, inChunks(file), { ...png, fence })

/** A store with a file and a row of the same blob, as after a crash. */
async function openWithBoth(t: TestContext, fences: { row: number; file: number }): Promise<Opened> {
  const other = await openIn(t)
  await putFile(other, fences.file)
  const opened = await openIn(t)
  await putRow(opened, fences.row)
  cpSync(join(other.folder, blobPath(id)), join(opened.folder, blobPath(id)))
  return opened
}

async function listed({ store }: Opened): Promise<string[]> {
  return (await store.list('post', { limit: 10 })).blobs.map(({ key }) => key)
}

suite('small blobs', { concurrency: 4 }, () => {
  test('small blobs are rows, and stay after a restart', async t => {
    const opened = await openIn(t)
    await putRow(opened)
    assert.equal(opened.hasFile(), false)
    await opened.store.close()
    const again = await openIn(t, opened.folder)
    assert.deepEqual(await read(again.store, id), row)
  })

  test('small blobs give way to a file, and files to a row', async t => {
    const opened = await openIn(t)
    await putRow(opened)
    assert.equal((await putFile(opened)).kind, 'stored')
    assert.deepEqual(await read(opened.store, id), file)
    assert.equal((await putRow(opened)).kind, 'stored')
    assert.deepEqual(await read(opened.store, id), row)
    assert.equal(opened.hasFile(), false)
    await putFile(opened)
    await opened.store.delete(id)
    assert.equal(await opened.store.open(id), undefined)
    assert.deepEqual(await listed(opened), [])
  })

  test('small blobs and files refuse a token older than the token of the other kind', async t => {
    const opened = await openIn(t)
    await putRow(opened, 3)
    assert.deepEqual(await putFile(opened, 2), { kind: 'fenced', newest: 3 })
    await putFile(opened, 4)
    assert.deepEqual(await putRow(opened, 3), { kind: 'fenced', newest: 4 })
    assert.deepEqual(await read(opened.store, id), file)
  })

  for (const { fences, counts } of [
    { fences: { row: 1, file: 2 }, counts: file },
    { fences: { row: 2, file: 1 }, counts: row },
    { fences: { row: 1, file: 1 }, counts: row },
  ])
    test(`after a crash, a row with token ${fences.row} and a file with token ${fences.file} are one blob`, async t => {
      const opened = await openWithBoth(t, fences)
      const { store } = opened
      assert.deepEqual(await read(store, id), counts)
      assert.deepEqual(await listed(opened), [id.key])
      const copy = { key: 'a-copy', stage: 'post' } as const
      assert.equal((await store.copy(id, copy))?.bytes, counts.length)
      assert.deepEqual(await read(store, copy), counts)
      await store.delete(id)
      assert.equal(await store.open(id), undefined)
      assert.deepEqual(await listed(opened), [copy.key])
    })

  test('small blobs are copied over a file, and files over a row', async t => {
    const opened = await openIn(t)
    const { store, hasFile } = opened
    const other = { key: 'another-key', stage: 'post' } as const
    await putRow(opened)
    await store.put(other, inChunks(file), png)
    await store.copy(id, other)
    assert.deepEqual(await read(store, other), row)
    assert.equal(hasFile(other), false)
    await putFile(opened)
    await store.copy(id, other)
    assert.deepEqual(await read(store, other), file)
    await store.delete(other)
    assert.equal(await store.open(other), undefined)
  })

  test('small blobs are listed in the same order as files, page by page', async t => {
    const { store } = await openIn(t)
    const keys = Array.from({ length: 30 }, (_, n) => `key-${n}`)
    for (const [n, key] of keys.entries())
      await store.put({ key, stage: 'post' }, n % 2 === 0 ? row : inChunks(file), png)
    const found: string[] = []
    let cursor: string | undefined
    do {
      const page = await store.list('post', { limit: 7, cursor })
      found.push(...page.blobs.map(({ key }) => key))
      cursor = page.next
      // A blob that changes its kind keeps its place.
      const [changed = ''] = found
      await store.put({ key: changed, stage: 'post' }, found.length % 2 === 0 ? row : inChunks(file), png)
    } while (cursor !== undefined)
    assert.deepEqual(found.toSorted(), keys.toSorted())
  })
})

for (const [kind, putFirst, putThen] of [
  ['file', putRow, putFile],
  ['row', putFile, putRow],
] as const)
  test(`a blob that becomes a ${kind} while the files are listed is listed`, async t => {
    const opened = await openIn(t)
    await putFirst(opened)
    const { keys } = BlobFiles.prototype
    t.mock.method(
      BlobFiles.prototype,
      'keys',
      async function (this: BlobFiles, ...place: Parameters<typeof keys>) {
        const change = async () => {
          if (place[1] === shardOf(id.key)) await putThen(opened)
        }
        if (kind === 'row') await change()
        const found = await keys.apply(this, place)
        if (kind === 'file') await change()
        return found
      },
    )
    assert.deepEqual(await listed(opened), [id.key])
  })

test('fault: the disk fails: the store is not ready and refuses small blobs until a restart, and reads continue', async t => {
  const opened = await openIn(t)
  await putRow(opened)
  breakDisk(t)
  await assert.rejects(putRow(opened), StoreFull)
  await assert.rejects(opened.store.checkReady(), StoreUnavailable)
  await assert.rejects(putRow(opened), StoreUnavailable)
  assert.deepEqual(await read(opened.store, id), row)
})
