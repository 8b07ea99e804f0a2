import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { generateImage, sha256, until } from '@darkroom/testing'
import { failNext, finishNext, startFrontend, takeWork, uploadImage } from '../start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const gif = await generateImage({ kind: 'gif', width: 40, height: 30, seed: 1 })
const result = Buffer.from('the developed image')
const frontend = await startFrontend({ after }, { LEASE_MS: '60000' })
const { ask } = frontend

async function finished(body: Uint8Array = png): Promise<string> {
  const id = await uploadImage(frontend, body)
  await finishNext(frontend, result)
  return id
}

function etagOf(bytes: Uint8Array): string {
  return `"${sha256(bytes)}"`
}

const id = await finished(gif)
const representations = [
  {
    path: `/images/${id}/result`,
    bytes: result,
    type: 'image/png',
    disposition: `inline; filename="${id}.png"`,
  },
  {
    path: `/image/get?id=${id}`,
    bytes: result,
    type: 'image/png',
    disposition: `inline; filename="${id}.png"`,
  },
  {
    path: `/images/${id}/original`,
    bytes: gif,
    type: 'image/gif',
    disposition: `attachment; filename="${id}.gif"`,
  },
]

for (const { path, bytes, type, disposition } of representations) {
  suite(`GET ${path.replace(id, ':id')}`, () => {
    test('the bytes are answered with headers that let browsers treat them only as an image', async () => {
      const { status, headers, body } = await ask(path)
      assert.equal(status, 200)
      assert.ok(body.equals(bytes))
      assert.equal(headers['content-type'], type)
      assert.equal(headers['content-length'], String(bytes.length))
      assert.equal(headers['content-disposition'], disposition)
      assert.equal(headers['content-security-policy'], "default-src 'none'; sandbox")
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['cache-control'], 'private, no-cache')
      assert.equal(headers['accept-ranges'], 'bytes')
      assert.equal(headers.etag, etagOf(bytes))
      const digest = createHash('sha256').update(bytes).digest('base64')
      assert.equal(headers['repr-digest'], `sha-256=:${digest}:`)
    })

    test('HEAD answers only the headers', async () => {
      const { date: _, connection: __, ...expected } = (await ask(path)).headers
      const { status, headers, body } = await ask(path, { method: 'HEAD' })
      const { date: ___, connection: ____, ...found } = headers
      assert.deepEqual([status, body.length], [200, 0])
      assert.deepEqual(found, expected)
    })

    test('a range returns 206 with its bytes', async () => {
      for (const [range, start, end] of [
        ['bytes=0-0', 0, 0],
        ['bytes=4-12', 4, 12],
        ['bytes=-5', bytes.length - 5, bytes.length - 1],
        ['bytes=5-', 5, bytes.length - 1],
      ] as const) {
        const { status, headers, body } = await ask(path, { headers: { range } })
        assert.equal(status, 206, range)
        assert.equal(headers['content-range'], `bytes ${start}-${end}/${bytes.length}`)
        assert.ok(body.equals(bytes.subarray(start, end + 1)))
        assert.equal(headers['x-content-type-options'], 'nosniff')
      }
    })

    test('a range outside of the bytes returns 416 with the size', async () => {
      const { status, headers, json } = await ask(path, { headers: { range: `bytes=${bytes.length}-` } })
      assert.deepEqual([status, json().type], [416, problemType('range-not-satisfiable')])
      assert.equal(headers['content-range'], `bytes */${bytes.length}`)
    })

    test('If-Range gives the part while the bytes are the same, the whole otherwise', async () => {
      const range = 'bytes=0-3'
      const same = await ask(path, { headers: { range, 'if-range': etagOf(bytes) } })
      const other = await ask(path, { headers: { range, 'if-range': '"other"' } })
      assert.deepEqual([same.status, other.status], [206, 200])
    })

    test('preconditions that fail return 412, and dates are compared', async () => {
      const modified = String((await ask(path)).headers['last-modified'])
      for (const method of ['GET', 'HEAD']) {
        const statusOf = async (headers: Record<string, string>) =>
          (await ask(path, { method, headers })).status
        assert.equal(await statusOf({ 'if-match': '"other"' }), 412)
        assert.equal(await statusOf({ 'if-match': `"other", ${etagOf(bytes)}` }), 200)
        assert.equal(await statusOf({ 'if-unmodified-since': new Date(0).toUTCString() }), 412)
        assert.equal(await statusOf({ 'if-modified-since': modified }), 304)
      }
      const { headers, json } = await ask(path, { headers: { 'if-match': '"other"' } })
      assert.equal(json().type, problemType('precondition-failed'))
      assert.match(String(headers['content-type']), /^application\/problem\+json/)
    })

    test('a client that has the bytes already gets 304 without them', async () => {
      for (const method of ['GET', 'HEAD']) {
        const headers = { 'if-none-match': `"other", ${etagOf(bytes)}` }
        const { status, headers: answered, body } = await ask(path, { method, headers })
        assert.deepEqual([status, body.length, answered.etag], [304, 0, etagOf(bytes)])
      }
    })
  })
}

suite('a missing result', () => {
  test('the result of an unfinished image returns 409 with Retry-After, and the original is served', async () => {
    const id = await uploadImage(frontend, png)
    const assertNotReady = async () => {
      for (const path of [`/images/${id}/result`, `/image/get?id=${id}`]) {
        const { status, headers, json } = await ask(path)
        assert.deepEqual([status, json().type], [409, problemType('not-ready')])
        assert.ok(Number(headers['retry-after']) > 0)
        assert.equal(headers['content-type'], 'application/problem+json')
      }
      assert.ok((await ask(`/images/${id}/original`)).body.equals(png))
    }
    await assertNotReady()
    await takeWork(frontend)
    await assertNotReady()
  })

  test('the result of a failed image returns 422 with the reason', async () => {
    const id = await uploadImage(frontend, png)
    const error = {
      type: problemType('undecodable-image'),
      title: 'Undecodable',
      detail: 'it ends after 100 bytes',
    }
    await failNext(frontend, error)
    for (const path of [`/images/${id}/result`, `/image/get?id=${id}`]) {
      const { status, json } = await ask(path)
      assert.deepEqual([status, json().title, json().detail], [422, error.title, error.detail])
    }
    assert.equal((await ask(`/images/${id}/original`)).status, 200)
  })

  test('the result of an image whose workers all die returns 422 with a reason that a person can act on', async t => {
    const own = await startFrontend(t, { LEASE_MS: '300', MAX_ATTEMPTS: '3' })
    const { id } = (await own.ask('/images', { method: 'POST', body: png })).json()
    for (const attempt of [1, 2, 3]) {
      const work = await takeWork(own)
      assert.deepEqual([work.id, work.attempt], [id, attempt])
    }
    const failed = await until('it has failed', async () => {
      const status = (await own.ask(`/images/${id}`)).json()
      return status.state === 'failed' && status
    })
    assert.equal(failed.attempts, 3)
    assert.deepEqual(failed.error, {
      type: problemType('worker-lost'),
      title: 'The worker was lost',
      detail: 'w stopped renewing its lease while it developed this image (attempt 3, the last)',
    })
    const { status, json } = await own.ask(`/images/${id}/result`)
    assert.equal(status, 422)
    assert.match(String(json().detail), /attempt 3, the last/)
  })

  test('a result whose bytes are deleted returns 404', async () => {
    const id = await finished()
    for (const stage of ['pre', 'post'] as const)
      await frontend.clients.storage.deleteBlob({ params: { key: id, stage }, headers: {} })
    for (const path of [`/images/${id}/result`, `/images/${id}/original`]) {
      const { status, headers, json } = await ask(path)
      assert.deepEqual([status, json().type], [404, problemType('image-gone')])
      assert.equal(headers['content-type'], 'application/problem+json')
    }
  })
})
