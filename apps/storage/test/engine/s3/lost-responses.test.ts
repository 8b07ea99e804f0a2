import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { after, suite, type TestContext, test } from 'node:test'
import { StoreFull, StoreMisconfigured, StoreUnavailable } from '@darkroom/service-kit'
import { startObjectStore, withEngine } from '@darkroom/testing'
import type { BlobId } from '../../../src/engine/engine.ts'
import { read } from '../../conformance/open-engine.ts'
import { asStream, inChunks, MiB, patterned } from '../../content.ts'
import { bucketUrl, makeBucket, openStore } from './bucket.ts'
import { type Fault, startFaultProxy } from './fault-proxy.ts'

const id: BlobId = { key: 'a-key', stage: 'post' }
const png = (fence: number) => ({ contentType: 'image/png', fence })
const answerMs = 4000
const pass: Fault = { kind: 'pass' }

const isWrite = ({ method, url = '' }: IncomingMessage) =>
  (method === 'PUT' && !url.includes('partNumber')) || (method === 'POST' && /[?&]uploadId=/.test(url))

/** One fault; then everything works. */
function once(fault: Fault, when: (request: IncomingMessage) => boolean) {
  let left = 1
  return (request: IncomingMessage) => (when(request) && left-- > 0 ? fault : pass)
}

await withEngine('s3', async program => {
  const server = await startObjectStore({ after }, program)

  async function openBehind(t: TestContext, decide: (request: IncomingMessage) => Fault) {
    const bucket = await makeBucket(t, server)
    const proxy = await startFaultProxy(t, server.url, decide)
    const url = bucketUrl(bucket.name, proxy)
    return { bucket, store: await openStore(t, { ...bucket, url }, { answerMs, partMs: answerMs }) }
  }

  suite('the S3 store, when', { concurrency: 2 }, () => {
    for (const [length, name] of [
      [1000, 'a write'],
      [9 * MiB, 'the end of a long write'],
    ] as const) {
      test(`the response to ${name} is lost: the blob is stored, and the write is answered`, async t => {
        const { store, bucket } = await openBehind(t, once({ kind: 'lose-answer' }, isWrite))
        assert.equal((await store.put(id, inChunks(patterned(length)), png(1))).kind, 'stored')
        assert.ok(patterned(length).equals(await read(store, id)))
        assert.deepEqual(await bucket.uploads(), [])
      })

      test(`${name} conflicts with another request (409): it is tried again`, async t => {
        const conflict = { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' } as const
        const { store } = await openBehind(t, once(conflict, isWrite))
        assert.equal((await store.put(id, inChunks(patterned(length)), png(1))).kind, 'stored')
        assert.ok(patterned(length).equals(await read(store, id)))
      })

      test(`the server ignores conditions of ${name}: fencing tokens are still compared`, async t => {
        const isConditional = (request: IncomingMessage) =>
          isWrite(request) && (request.headers['if-match'] ?? request.headers['if-none-match']) !== undefined
        const { store } = await openBehind(t, request =>
          isConditional(request) ? { kind: 'answer', status: 501, code: 'NotImplemented' } : pass,
        )
        assert.equal((await store.put(id, inChunks(patterned(length, 2)), png(2))).kind, 'stored')
        assert.deepEqual(await store.put(id, inChunks(patterned(length, 1)), png(1)), {
          kind: 'fenced',
          newest: 2,
        })
        assert.ok(patterned(length, 2).equals(await read(store, id)))
      })
    }

    test('the server compares ETags without quotes: the store finds this out once', async t => {
      const conditions: string[] = []
      const { store } = await openBehind(t, request => {
        const condition = request.headers['if-match']
        if (isWrite(request) && condition !== undefined) conditions.push(condition)
        return pass
      })
      for (const fence of [1, 2, 3]) await store.put(id, inChunks(patterned(100, fence)), png(fence))
      assert.ok(patterned(100, 3).equals(await read(store, id)))
      assert.deepEqual(
        conditions.map(condition => condition.startsWith('"')),
        [true, false, false],
      )
    })

    for (const [length, name] of [
      [1000, 'a blob'],
      [9 * MiB, 'a part'],
    ] as const) {
      test(`${name} is damaged on its way there: it is refused, and nothing is stored`, async t => {
        const { store, bucket } = await openBehind(t, ({ method }) =>
          method === 'PUT' ? { kind: 'damage' } : pass,
        )
        await assert.rejects(store.put(id, inChunks(patterned(length)), png(1)), StoreUnavailable)
        assert.equal(await store.open(id), undefined)
        assert.deepEqual(await bucket.uploads(), [])
      })
    }

    test('a response stops half-way: the reader gets an error after a while', async t => {
      let isStalling = false
      const { store } = await openBehind(t, () => (isStalling ? { kind: 'stall' } : pass))
      await store.put(id, inChunks(patterned(MiB)), png(1))
      isStalling = true
      await using found = await store.open(id)
      assert.ok(found)
      await assert.rejects(buffer(asStream(found.read({ start: 0, end: MiB - 1 }))), StoreUnavailable)
      await assert.rejects(store.open(id, { whole: false }), StoreUnavailable)
      await assert.rejects(store.checkReady(), StoreUnavailable)
    })

    test('the server never answers: every request ends at the same deadline', async t => {
      let isHanging = false
      const { store } = await openBehind(t, () => (isHanging ? { kind: 'hang' } : pass))
      await store.put(id, inChunks(patterned(1000)), png(1))
      await using part = await store.open(id, { whole: false })
      assert.ok(part)
      isHanging = true
      const begun = Date.now()
      const asked = [
        store.checkReady(),
        store.open(id),
        store.open(id, { whole: false }),
        store.list('pre', { limit: 1 }),
        store.delete({ ...id, key: 'another' }),
        store.put(id, inChunks(patterned(1000)), png(2)),
        store.put(id, inChunks(patterned(1000)), png(3)), // waits for the first
        buffer(asStream(part.read({ start: 0, end: 9 }))),
      ]
      await Promise.all(asked.map(response => assert.rejects(response, StoreUnavailable)))
      // Three attempts would take three times the deadline, and two puts in turn twice.
      assert.ok(Date.now() - begun < 2 * answerMs, `${Date.now() - begun} ms`)
    })

    test('the end of a long write is not answered: the writer gets an error before the parts are removed', async t => {
      let begun = 0
      const { store } = await openBehind(t, request => {
        if (begun === 0 && isWrite(request)) begun = Date.now()
        return begun > 0 ? { kind: 'hang' } : pass
      })
      // First, the store reads the stored blob.
      await assert.rejects(store.put(id, inChunks(patterned(9 * MiB)), png(1)), StoreUnavailable)
      assert.ok(begun > 0 && Date.now() - begun < 1.5 * answerMs, `${Date.now() - begun} ms`)
    })

    test('the server is overloaded for a moment: requests are sent again', async t => {
      const slowDown = { kind: 'answer', status: 503, code: 'SlowDown' } as const
      const { store } = await openBehind(t, once(slowDown, isWrite))
      assert.equal((await store.put(id, inChunks(patterned(1000)), png(1))).kind, 'stored')
    })

    for (const [status, code, expected] of [
      [503, 'SlowDown', StoreUnavailable],
      [507, 'XMinioStorageFull', StoreFull],
      [403, 'QuotaExceeded', StoreFull],
      [403, 'AccessDenied', StoreMisconfigured],
      [403, 'InvalidAccessKeyId', StoreMisconfigured],
    ] as const) {
      test(`the server refuses writes (${status} ${code}) only: the store is not ready until a write is accepted`, async t => {
        let isRefusing = true
        const { store } = await openBehind(t, request =>
          isRefusing && isWrite(request) ? { kind: 'answer', status, code } : pass,
        )
        await store.checkReady()
        await assert.rejects(store.put(id, inChunks(patterned(1000)), png(1)), expected)
        await assert.rejects(store.checkReady(), expected)
        isRefusing = false
        assert.equal((await store.put(id, inChunks(patterned(1000)), png(2))).kind, 'stored')
        await store.checkReady()
      })
    }

    test('the server is overloaded for long, or full: the writer gets an error', async t => {
      let code = 'SlowDown'
      const { store } = await openBehind(t, request =>
        isWrite(request) ? { kind: 'answer', status: code === 'SlowDown' ? 503 : 507, code } : pass,
      )
      await assert.rejects(store.put(id, inChunks(patterned(1000)), png(1)), StoreUnavailable)
      code = 'XMinioStorageFull'
      await assert.rejects(store.put(id, inChunks(patterned(1000)), png(1)), StoreFull)
    })
  })
})
