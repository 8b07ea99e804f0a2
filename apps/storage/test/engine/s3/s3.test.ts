import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, suite, test } from 'node:test'
import { CreateMultipartUploadCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { StoreUnavailable } from '@darkroom/service-kit'
import { sha256, startObjectStore, temporaryFolder, until, withEngine } from '@darkroom/testing'
import type { BlobId } from '../../../src/engine/engine.ts'
import { FileBlobStore } from '../../../src/engine/file/file.ts'
import { PartMemory } from '../../../src/engine/s3/part-memory.ts'
import { id, png, read } from '../../conformance/open-engine.ts'
import { asStream, inChunks, MiB, patterned } from '../../content.ts'
import { testEngine } from '../../engine.conformance.ts'
import { makeBucket, openStore } from './bucket.ts'

await withEngine('s3', async program => {
  const server = await startObjectStore({ after }, program)
  testEngine('the S3 store', async t => openStore(t, await makeBucket(t, server)))

  suite('the S3 store', { concurrency: 2 }, () => {
    test('the S3 store keeps blobs under its prefix, by stage and shard', async t => {
      const bucket = await makeBucket(t, server)
      const store = await openStore(t, bucket)
      await store.put(id, inChunks(patterned(10)), png)
      await store.put({ key: 'done', stage: 'post' }, inChunks(patterned(9 * MiB)), png)
      const [post = '', pre = ''] = await bucket.objects()
      assert.match(post, /^images\/finished\/[0-9a-f]{2}\/done$/)
      assert.match(pre, /^images\/inProgress\/[0-9a-f]{2}\/a-key$/)
    })

    test('the S3 store lists and finds only its own objects', async t => {
      const bucket = await makeBucket(t, server)
      const store = await openStore(t, bucket)
      await store.put(id, inChunks(patterned(10)), png)
      const [ours = ''] = await bucket.objects()
      for (const name of [
        'images/inProgress/a-key',
        'images/inProgress/00/a-key',
        `${ours}/extra`,
        `${ours}.x`,
      ])
        await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: name, Body: 'x' }))
      const listed: string[] = []
      for (let cursor: string | undefined, page = 0; page === 0 || cursor !== undefined; page++) {
        const { blobs, next } = await store.list('pre', { limit: 1, cursor })
        listed.push(...blobs.map(({ key }) => key))
        cursor = next
      }
      assert.deepEqual(listed, ['a-key'])
    })

    test('the S3 store releases the memory of a blob once the server has stored it, not if it refused', async t => {
      const store = await openStore(t, await makeBucket(t, server))
      const release = t.mock.method(PartMemory.prototype, 'release')
      await store.put(id, inChunks(patterned(1000)), { ...png, fence: 2 })
      assert.equal(release.mock.callCount(), 1)
      const late = await store.put(id, inChunks(patterned(1000)), { ...png, fence: 1 })
      assert.equal(late.kind, 'fenced')
      assert.equal(release.mock.callCount(), 1)
    })

    test('the S3 store leaves no parts behind after content that threw, a fenced write, and a successful write', async t => {
      const bucket = await makeBucket(t, server)
      const store = await openStore(t, bucket)
      async function* throwing() {
        yield* inChunks(patterned(20 * MiB))
        assert.deepEqual((await bucket.uploads()).length, 1)
        throw new Error('half-way')
      }
      await assert.rejects(store.put(id, throwing(), png), /half-way/)
      assert.deepEqual(await bucket.uploads(), [])
      await store.put(id, inChunks(patterned(9 * MiB)), { ...png, fence: 2 })
      assert.deepEqual(await bucket.uploads(), [])
      await store.put(id, inChunks(patterned(9 * MiB)), { ...png, fence: 1 })
      assert.deepEqual(await bucket.uploads(), [])
    })

    test('the S3 store removes parts of other copies’ old uploads, and keeps those of recent uploads', async t => {
      const bucket = await makeBucket(t, server)
      const one = await openStore(t, bucket)
      let go = () => {}
      const held = new Promise<void>(resolve => {
        go = resolve
      })
      async function* stopping() {
        yield* inChunks(patterned(9 * MiB))
        await held
      }
      const put = one.put(id, stopping(), png)
      put.catch(() => undefined) // checked below
      await until('an upload has begun', async () => (await bucket.uploads()).length === 1)
      const young = await openStore(t, bucket)
      await young.put({ key: 'another', stage: 'pre' }, inChunks(patterned(10)), png)
      await young.close() // waits until its sweep has ended
      assert.equal((await bucket.uploads()).length, 1)
      await openStore(t, bucket, { abandonedMs: -60_000 })
      await until('it is removed', async () => (await bucket.uploads()).length === 0)
      go()
      await assert.rejects(put)
      assert.equal(await one.open(id), undefined)
    })

    test('the S3 store does not abort an old upload that still gets parts', async t => {
      const bucket = await makeBucket(t, server)
      const begin = async (Key: string) => {
        const upload = { Bucket: bucket.name, Key }
        const { UploadId } = await bucket.client.send(new CreateMultipartUploadCommand(upload))
        return { ...upload, UploadId }
      }
      const slow = await begin('images/inProgress/00/slow')
      await begin('images/inProgress/00/stalled')
      const between = Date.now() + 2000
      await until('5 s have passed', () => Date.now() > between + 5000)
      const part = { PartNumber: 1, Body: patterned(1000) }
      await bucket.client.send(new UploadPartCommand({ ...slow, ...part }))
      await openStore(t, bucket, { abandonedMs: Date.now() - between })
      await until('the stalled one is removed', async () => (await bucket.uploads()).length === 1)
      assert.deepEqual(await bucket.uploads(), [slow.Key])
    })

    test('the S3 store does not abort uploads to names that are not its own', async t => {
      const bucket = await makeBucket(t, server)
      const others = ['images/of-others', 'of-others']
      const ours = 'images/finished/00/ours'
      for (const Key of [...others, ours]) {
        await bucket.client.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key }))
      }
      await openStore(t, bucket, { abandonedMs: -60_000 })
      await until('ours is removed', async () => !(await bucket.uploads()).includes(ours))
      assert.deepEqual(await bucket.uploads(), others)
    })

    test('two copies on one bucket: the newest fencing token wins a race', async t => {
      const bucket = await makeBucket(t, server)
      const stores = [await openStore(t, bucket), await openStore(t, bucket)] as const
      for (let round = 0; round < 5; round++) {
        const raced: BlobId = { key: `race-${round}`, stage: 'post' }
        const tokens = Array.from({ length: 12 }, (_, n) => n + 1)
        const put = (fence: number) =>
          stores[(fence % 2) as 0 | 1].put(raced, inChunks(Buffer.from(`by ${fence}`)), { ...png, fence })
        // Some servers fail one of many simultaneous writes of an object with 500; a worker then tries again.
        const putAgain = (fence: number) =>
          put(fence).catch(error => (error instanceof StoreUnavailable ? put(fence) : Promise.reject(error)))
        const outcomes = await Promise.all(tokens.map(putAgain))
        assert.equal(outcomes.at(-1)?.kind, 'stored')
        for (const store of stores) assert.equal(String(await read(store, raced)), 'by 12')
      }
    })

    test('two copies on one bucket: each sees the other’s writes and deletions at once', async t => {
      const bucket = await makeBucket(t, server)
      const [one, other] = [await openStore(t, bucket), await openStore(t, bucket)]
      for (const length of [100, 9 * MiB]) {
        await one.put(id, inChunks(patterned(length)), png)
        assert.ok(patterned(length).equals(await read(other)))
      }
      await other.delete(id)
      assert.equal(await one.open(id), undefined)
      assert.deepEqual(await one.list('pre', { limit: 10 }), { blobs: [] })
    })

    test('a part is not read from bytes that replaced the opened blob', async t => {
      const store = await openStore(t, await makeBucket(t, server))
      await store.put(id, inChunks(patterned(MiB, 1)), png)
      await using early = await store.open(id, { whole: false })
      await store.put(id, inChunks(patterned(MiB, 2)), png)
      assert.ok(early)
      await assert.rejects(buffer(asStream(early.read({ start: 0, end: 9 }))), StoreUnavailable)
    })

    test('the S3 store reads the folder of a file store that was copied to the bucket', async t => {
      const folder = temporaryFolder(t)
      const files = await FileBlobStore.open({ folder })
      await files.put(id, inChunks(patterned(9 * MiB)), { ...png, fence: 3 })
      await files.close()
      const bucket = await makeBucket(t, server)
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue
        const path = join(entry.parentPath, entry.name)
        const Key = `images${path.slice(folder.length)}`
        await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: readFileSync(path) }))
      }
      const store = await openStore(t, bucket)
      await using found = await store.open(id)
      assert.deepEqual(found?.blob, { bytes: 9 * MiB, sha256: sha256(patterned(9 * MiB)), ...png, fence: 3 })
      assert.ok(patterned(9 * MiB).equals(await read(store)))
      assert.deepEqual(await store.put(id, inChunks(patterned(1)), { ...png, fence: 2 }), {
        kind: 'fenced',
        newest: 3,
      })
      assert.deepEqual(
        (await store.list('pre', { limit: 10 })).blobs.map(({ key }) => key),
        ['a-key'],
      )
    })
  })
})
