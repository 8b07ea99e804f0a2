import assert from 'node:assert/strict'
import { after, suite, type TestContext, test } from 'node:test'
import { DeleteBucketCommand } from '@aws-sdk/client-s3'
import { freePort, httpRequest, startObjectStore, startProgram, until, withEngine } from '@darkroom/testing'
import { MiB, patterned } from '../../content.ts'
import { problemOf } from '../../serve.ts'
import { startStorage, storageMain } from '../../storage-process.ts'
import { type Bucket, bucketUrl, environmentOf, makeBucket, openStore } from './bucket.ts'

/** A body that is sent to its middle; the rest is sent when the test lets it continue. */
function inTwoHalves(bytes: Buffer) {
  const { promise: goOn, resolve } = Promise.withResolvers<void>()
  async function* body() {
    yield bytes.subarray(0, bytes.length / 2)
    await goOn
    yield bytes.subarray(bytes.length / 2)
  }
  return { body: body(), goOn: resolve }
}

await withEngine('s3', async program => {
  const server = await startObjectStore({ after }, program)
  const run = (t: TestContext, bucket: Pick<Bucket, 'url' | 'credentials'>) =>
    startStorage(t, { env: { ...environmentOf(bucket), LOG_LEVEL: 'error' } })

  /** The output and exit code of a storage that can't start. */
  async function endOf(t: TestContext, env: Record<string, string>) {
    const storage = startProgram(t, [process.execPath, storageMain], { LOG_LEVEL: 'warn', PORT: '0', ...env })
    const { code } = await storage.ended
    return { code, stderr: storage.stderr }
  }

  suite('the storage on S3', () => {
    test('the server is killed half-way through an upload: 503, no blob, and everything works when it is back', async t => {
      const bucket = await makeBucket(t, server)
      const storage = await run(t, bucket)
      const put = (body: Buffer | AsyncIterable<Uint8Array>) =>
        httpRequest(storage.url, '/images/a-key/pre', { method: 'PUT', body })
      assert.equal((await put(patterned(1000))).status, 201)

      const upload = inTwoHalves(patterned(24 * MiB, 2))
      const refused = put(upload.body)
      await until('parts are in progress', async () => (await bucket.uploads()).length === 1)
      await server.kill()
      upload.goOn()
      const response = await refused
      assert.equal(response.status, 503)
      assert.equal(problemOf(response), 'blob-store-unavailable')
      assert.ok(Number(response.headers['retry-after']) > 0)
      for (const path of ['/images/a-key/pre', '/images?stage=pre', '/readyz'])
        assert.equal((await httpRequest(storage.url, path)).status, 503, path)
      await until('the log has the reason', () => /does not answer/.test(storage.stdout))

      await server.restart()
      await until('it is ready', async () => (await httpRequest(storage.url, '/readyz')).status === 200)
      const kept = await httpRequest(storage.url, '/images/a-key/pre')
      assert.ok(kept.body.equals(patterned(1000)))
      assert.equal((await put(patterned(24 * MiB, 2))).status, 201)
      const found = await httpRequest(storage.url, '/images/a-key/pre')
      assert.ok(found.body.equals(patterned(24 * MiB, 2)))
    })

    test('the storage is killed half-way through an upload: no blob, and the parts are removed', async t => {
      const bucket = await makeBucket(t, server)
      const storage = await run(t, bucket)
      const { body } = inTwoHalves(patterned(24 * MiB))
      const put = httpRequest(storage.url, '/images/a-key/pre', { method: 'PUT', body })
      put.catch(() => undefined) // checked below
      await until('parts are in progress', async () => (await bucket.uploads()).length === 1)
      storage.signal('SIGKILL')
      await assert.rejects(put)
      assert.deepEqual(await bucket.objects(), [])
      const again = await openStore(t, bucket, { abandonedMs: -60_000 })
      await until('the parts are removed', async () => (await bucket.uploads()).length === 0)
      assert.equal(await again.open({ key: 'a-key', stage: 'pre' }), undefined)
    })

    test('the client hangs up half-way through an upload: nothing is left', async t => {
      const bucket = await makeBucket(t, server)
      const storage = await run(t, bucket)
      async function* body() {
        yield patterned(12 * MiB)
        await until('parts are in progress', async () => (await bucket.uploads()).length === 1)
        throw new Error('hung up')
      }
      await assert.rejects(httpRequest(storage.url, '/images/a-key/pre', { method: 'PUT', body: body() }))
      await until('the parts are removed', async () => (await bucket.uploads()).length === 0)
      assert.deepEqual(await bucket.objects(), [])
    })

    test('two storages on one bucket: each returns blobs that the other stored', async t => {
      const bucket = await makeBucket(t, server)
      const [one, other] = await Promise.all([run(t, bucket), run(t, bucket)])
      for (const length of [1000, 9 * MiB]) {
        const bytes = patterned(length)
        const path = `/images/of-${length}/post?fence=2`
        assert.equal((await httpRequest(one.url, path, { method: 'PUT', body: bytes })).status, 201)
        const late = await httpRequest(other.url, path.replace('2', '1'), { method: 'PUT', body: 'late' })
        assert.equal(late.status, 409)
        const found = await httpRequest(other.url, `/images/of-${length}/post`)
        assert.ok(found.body.equals(bytes))
        const range = { range: `bytes=${length - 10}-` }
        const end = await httpRequest(other.url, `/images/of-${length}/post`, { headers: range })
        assert.equal(end.status, 206)
        assert.ok(end.body.equals(bytes.subarray(-10)))
        const described = await httpRequest(other.url, `/images/of-${length}/post`, { method: 'HEAD' })
        assert.equal(described.headers['content-length'], String(length))
        assert.equal(described.headers.etag, found.headers.etag)
      }
    })

    test('wrong settings end the start with an error that names them', async t => {
      const bucket = await makeBucket(t, server)
      const right = environmentOf(bucket)
      const missing = await endOf(t, { ...right, BLOB_STORE_URL: bucketUrl('no-such-bucket', server.url) })
      assert.match(missing.stderr, /BLOB_STORE_URL: the bucket "no-such-bucket" does not exist/)
      const secret = await endOf(t, { ...right, AWS_SECRET_ACCESS_KEY: 'wrong' })
      assert.match(secret.stderr, /refuses .* \(SignatureDoesNotMatch\): check the credentials/)
      const none = await endOf(t, {
        BLOB_STORE_URL: bucket.url,
        AWS_EC2_METADATA_DISABLED: 'true',
        HOME: '/nonexistent',
      })
      assert.match(none.stderr, /no credentials .* set AWS_ACCESS_KEY_ID/)
      const inUrl = await endOf(t, { ...right, BLOB_STORE_URL: bucket.url.replace('://', '://me:secret@') })
      assert.match(inUrl.stderr, /must not contain credentials/)
      for (const { code, stderr } of [missing, secret, none, inUrl]) {
        assert.equal(code, 1)
        assert.doesNotMatch(stderr, /^ +at /m)
      }
    })

    test('the bucket is deleted: /readyz reports it', async t => {
      const bucket = await makeBucket(t, server)
      const storage = await run(t, bucket)
      assert.equal((await httpRequest(storage.url, '/readyz')).status, 200)
      await bucket.client.send(new DeleteBucketCommand({ Bucket: bucket.name }))
      const response = await httpRequest(storage.url, '/readyz')
      assert.equal(problemOf(response), 'blob-store-unavailable')
      assert.doesNotMatch(String(response.body), new RegExp(bucket.name))
      await until('the log has the reason', () => /does not exist/.test(storage.stdout))
    })

    test('the server is not up yet: the storage starts, is alive, and is not ready', async t => {
      const bucket = await makeBucket(t, server)
      const nowhere = `http://127.0.0.1:${await freePort()}`
      const storage = await run(t, { ...bucket, url: bucketUrl(bucket.name, nowhere) })
      assert.equal((await httpRequest(storage.url, '/readyz')).status, 503)
      const refused = await httpRequest(storage.url, '/images/a-key/pre', { method: 'PUT', body: 'x' })
      assert.equal(problemOf(refused), 'blob-store-unavailable')
      storage.signal('SIGTERM')
      assert.equal((await storage.ended).code, 0)
    })
  })
})
