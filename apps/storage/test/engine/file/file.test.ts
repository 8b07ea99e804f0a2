// Slow: it waits for the disk.

import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { stages } from '@darkroom/contracts'
import { StoreFull } from '@darkroom/service-kit'
import { blobFiles, temporaryFolder } from '@darkroom/testing'
import type { BlobId } from '../../../src/engine/engine.ts'
import { FileBlobStore } from '../../../src/engine/file/file.ts'
import { inChunks, patterned } from '../../content.ts'
import { testEngine } from '../../engine.conformance.ts'
import { givenAtOnce } from './given-at-once.ts'

const id: BlobId = { key: 'a-key', stage: 'pre' }
const png = { contentType: 'image/png', fence: 0 }

async function openIn(t: TestContext, folder = temporaryFolder(t)) {
  const store = await FileBlobStore.open({ folder })
  t.after(() => store.close())
  return { store, folder }
}

/** The paths of all files of blobs under a folder, relative to it. */
function filesIn(folder: string): string[] {
  return blobFiles(folder).map(file => file.slice(folder.length + 1))
}

testEngine('the file store', async t => (await openIn(t)).store)
testEngine('the file store with rows', async t => givenAtOnce((await openIn(t)).store))

suite('the file store', { concurrency: 4 }, () => {
  test('the file store keeps blobs in folders by stage and shard, in files named by their keys', async t => {
    const { store, folder } = await openIn(t)
    for (let n = 0; n < 40; n++)
      await store.put({ key: `key-${n}`, stage: 'pre' }, inChunks(patterned(1)), png)
    await store.put({ key: 'done', stage: 'post' }, inChunks(patterned(1)), png)
    const files = filesIn(folder)
    assert.equal(files.length, 41)
    assert.ok(
      files.every(file => /^(inProgress\/[0-9a-f]{2}\/key-\d+|finished\/[0-9a-f]{2}\/done)$/.test(file)),
    )
    assert.ok(new Set(files.map(file => file.split('/')[1])).size > 10, 'shards are used evenly')
  })

  test('the file store creates the shards of a stage with its first file, also after an interruption', async t => {
    const { store, folder } = await openIn(t)
    const entries = (stage: string) => readdirSync(join(folder, stage)).length
    for (const stage of stages) assert.deepEqual(await store.list(stage, { limit: 10 }), { blobs: [] })
    assert.equal(await store.open(id), undefined)
    assert.deepEqual([entries('inProgress'), entries('finished')], [1, 1])
    await store.put(id, inChunks(patterned(1)), png)
    assert.deepEqual([entries('inProgress'), entries('finished')], [257, 1])
    mkdirSync(join(folder, 'finished/00'))
    await store.put({ ...id, stage: 'post' }, inChunks(patterned(1)), png)
    assert.equal(entries('finished'), 257)
  })

  test('the file store reports that its folder is gone, instead of listing nothing', async t => {
    const { store, folder } = await openIn(t)
    await store.put(id, inChunks(patterned(1)), png)
    rmSync(join(folder, 'inProgress'), { recursive: true })
    await assert.rejects(store.list('pre', { limit: 10 }), { code: 'ENOENT' })
  })

  test('the file store begins each file with the bytes themselves', async t => {
    const { store, folder } = await openIn(t)
    await store.put(id, inChunks(patterned(100)), png)
    const [file = ''] = filesIn(folder)
    assert.ok(readFileSync(join(folder, file)).subarray(0, 100).equals(patterned(100)))
  })

  test('the file store returns blobs after a restart', async t => {
    const { store, folder } = await openIn(t)
    await store.put(id, inChunks(patterned(100)), { ...png, fence: 4 })
    await store.close()
    const again = await openIn(t, folder)
    await using found = await again.store.open(id)
    assert.equal(found?.blob.fence, 4)
  })

  test('the file store leaves no temporary file of content that threw', async t => {
    const { store, folder } = await openIn(t)
    async function* throwing() {
      yield patterned(2_000_000)
      throw new Error('half-way')
    }
    await assert.rejects(store.put(id, throwing(), png))
    assert.deepEqual(filesIn(folder), [])
  })

  test('the file store leaves no temporary file of a write with a stale fencing token', async t => {
    const { store, folder } = await openIn(t)
    await store.put(id, inChunks(patterned(1)), { ...png, fence: 2 })
    await store.put(id, inChunks(patterned(1)), { ...png, fence: 1 })
    assert.equal(filesIn(folder).length, 1)
  })

  test('the file store removes temporary files of interrupted writes when it starts', async t => {
    const { store, folder } = await openIn(t)
    for (const stage of stages) await store.put({ ...id, stage }, inChunks(patterned(100)), png)
    await store.close()
    writeFileSync(join(folder, 'inProgress/writing/1b4e28ba.tmp'), 'half')
    writeFileSync(join(folder, 'finished/writing/6fa459ea.tmp'), '')
    // Earlier versions wrote in the shards.
    writeFileSync(join(folder, 'inProgress/00/.1b4e28ba.tmp'), 'half')
    writeFileSync(join(folder, 'finished/ff/.6fa459ea.tmp'), '')
    const again = await openIn(t, folder)
    assert.equal(filesIn(folder).length, 2)
    assert.ok(await again.store.open(id).then(async found => found?.[Symbol.asyncDispose]().then(() => true)))
  })

  test('the file store neither opens nor lists the temporary file of a write in progress', async t => {
    const { store, folder } = await openIn(t)
    const { promise: moreMayCome, resolve: letMoreCome } = Promise.withResolvers<void>()
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    async function* slowly() {
      yield patterned(2_000_000)
      begin()
      await moreMayCome
    }
    const putting = store.put(id, slowly(), png)
    await begun
    assert.equal(filesIn(folder).length, 1)
    assert.equal(await store.open(id), undefined)
    assert.deepEqual(await store.list('pre', { limit: 10 }), { blobs: [] })
    letMoreCome()
    assert.equal((await putting).kind, 'stored')
  })

  const damages: Record<string, (path: string) => void> = {
    'is cut off': path => truncateSync(path, 150),
    'is empty': path => truncateSync(path, 0),
    'is cut off within the footer': path => truncateSync(path, readFileSync(path).length - 1),
    'is longer than it was': path => writeFileSync(path, 'x', { flag: 'a' }),
    'lost bytes before the footer': path => {
      const bytes = readFileSync(path)
      writeFileSync(path, Buffer.concat([bytes.subarray(0, 50), bytes.subarray(60)]))
    },
    'has a footer that is not JSON': path => {
      const bytes = readFileSync(path)
      bytes[bytes.indexOf('{"', 200)] = 0
      writeFileSync(path, bytes)
    },
    'has a footer of another length': path => {
      const bytes = readFileSync(path)
      bytes.writeUInt32LE(0xffff_ffff, bytes.length - 8)
      writeFileSync(path, bytes)
    },
    'has a footer with other contents': path => {
      const text = readFileSync(path).toString('latin1').replace('"bytes":200', '"bytes":-20')
      writeFileSync(path, text, 'latin1')
    },
  }
  for (const [damage, inflict] of Object.entries(damages)) {
    test(`the file store gives an error, never wrong bytes, for a file that ${damage}`, async t => {
      const { store, folder } = await openIn(t)
      await store.put(id, inChunks(patterned(200)), png)
      const [file = ''] = filesIn(folder)
      inflict(join(folder, file))
      await assert.rejects(store.open(id))
    })
  }

  test('the file store refuses to replace a damaged file, whose token is unknown, and deletes it', async t => {
    const { store, folder } = await openIn(t)
    await store.put(id, inChunks(patterned(200)), png)
    const [file = ''] = filesIn(folder)
    truncateSync(join(folder, file), 10)
    await assert.rejects(store.put(id, inChunks(patterned(100)), { ...png, fence: 5 }))
    assert.deepEqual(filesIn(folder), [file])
    await store.delete(id)
    assert.equal((await store.put(id, inChunks(patterned(100)), png)).kind, 'stored')
  })

  test('the file store refuses bytes while less than the minimum of space is free', async t => {
    const folder = temporaryFolder(t)
    const store = await FileBlobStore.open({ folder, minFreeBytes: Number.MAX_SAFE_INTEGER })
    await assert.rejects(store.put(id, inChunks(patterned(1)), png), StoreFull)
    assert.deepEqual(filesIn(folder), [])
  })

  test('the file store fails its check when its folder is gone', async t => {
    const { store, folder } = await openIn(t)
    rmSync(folder, { recursive: true })
    await assert.rejects(store.checkReady())
  })
})
