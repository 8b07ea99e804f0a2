import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { uploadPrefix } from '@darkroom/contracts'
import { blobNames } from '@darkroom/image-master/testing'
import { type HttpResponse, until } from '@darkroom/testing'
import { finishNext, startFrontend } from '../start-frontend.ts'
import { codeOf, large, metadata, patchType, png, tus, tusRequests } from '../tus-requests.ts'

const MiB = 1024 * 1024
const frontend = await startFrontend({ after }, { MAX_UPLOAD_BYTES: String(32 * MiB) })
const { ask } = frontend
const { create, begin, patch, offsetOf } = tusRequests(frontend)

suite('an invalid request', () => {
  test('an invalid request is refused with a clear error, and changes nothing', async () => {
    const path = await begin()
    const refusals: [Promise<HttpResponse>, number, string][] = [
      [patch(path, 1, png), 409, 'offset-mismatch'],
      [patch(path, 0, png, { 'content-type': 'image/png' }), 415, 'unsupported-media-type'],
      [patch(path, 0, Buffer.concat([png, png])), 400, 'too-long'],
      [patch(path, 0, png, { 'upload-length': '7' }), 400, 'length-is-fixed'],
      [patch(path, 0, png, { 'tus-resumable': '0.2.2' }), 412, 'tus-version'],
      [ask(path, { method: 'PATCH', body: png, headers: { ...tus, ...patchType } }), 400, 'invalid-request'],
      [patch('/uploads/01990000-0000-7000-8000-000000000001', 0, png), 404, 'upload-not-found'],
      [patch('/uploads/..%2fkeys%2fx', 0, png), 404, 'upload-not-found'],
      [create({}), 400, 'invalid-request'],
      [create({ 'upload-length': '-1' }), 400, 'invalid-request'],
      [create({ 'upload-length': '0' }), 400, 'empty-body'],
      [create({ 'upload-length': '9', 'upload-defer-length': '1' }), 400, 'invalid-request'],
      [create({ 'upload-length': String(33 * MiB) }), 413, 'too-large'],
      [create({ 'upload-length': '99999999999999999999999' }), 413, 'too-large'],
      [create({ 'upload-length': 'much' }), 400, 'invalid-request'],
      [create({ 'upload-length': '9', 'upload-metadata': 'operations !' }), 400, 'invalid-metadata'],
      [
        create({ 'upload-length': '9', 'upload-metadata': metadata({ operations: 'nope' }) }),
        400,
        'invalid-operations',
      ],
      [create({ 'upload-length': '9', 'upload-concat': 'partial' }), 400, 'no-concatenation'],
      [create({ 'upload-length': '9', 'upload-checksum': 'sha1 YQ==' }), 400, 'no-checksum'],
      [
        create({ 'upload-length': '9', 'content-type': 'image/png' }, { body: png }),
        415,
        'unsupported-media-type',
      ],
    ]
    for (const [response, status, code] of refusals) assert.deepEqual(codeOf(await response), [status, code])
    assert.equal(await offsetOf(path), '0')
    await ask(path, { method: 'DELETE', headers: tus })
  })

  test('OPTIONS needs no key, and a body of it is ignored', async () => {
    const body = Buffer.from('nothing')
    const headers = { 'content-length': body.length }
    const response = await ask('/uploads', { method: 'OPTIONS', headers, body })
    assert.equal(response.status, 204, String(response.body))
  })

  test('OPTIONS lists the supported extensions', async () => {
    const { status, headers } = await ask('/uploads', { method: 'OPTIONS' })
    assert.deepEqual(
      [status, headers['tus-version'], headers['tus-extension'], headers['tus-max-size']],
      [
        204,
        '1.0.0',
        'creation,creation-with-upload,creation-defer-length,termination,expiration',
        String(32 * MiB),
      ],
    )
  })
})

test('an upload that is complete accepts an empty piece at its end, and no further byte', async () => {
  const path = await begin()
  assert.equal((await patch(path, 0, png)).status, 204)
  async function* nothing() {}
  const headers = { ...tus, ...patchType, 'upload-offset': String(png.length) }
  const repeated = await ask(path, { method: 'PATCH', body: nothing(), headers })
  assert.deepEqual([repeated.status, repeated.headers['upload-offset']], [204, String(png.length)])
  const longer = await patch(path, png.length, Buffer.from('x'))
  assert.deepEqual(codeOf(longer), [400, 'too-long'])
  assert.match(String(longer.json().detail), new RegExp(`its Upload-Length, ${png.length}$`))
  assert.deepEqual(codeOf(await patch(path, 1, png)), [409, 'offset-mismatch'])
})

suite('the refusal of an image', () => {
  test('the refusal of an image is the response to the last piece, and ends the upload', async () => {
    const text = Buffer.from('this is not an image, but a text')
    const path = await begin(text.length)
    assert.deepEqual(codeOf(await patch(path, 0, text)), [415, 'not-an-image'])
    assert.equal((await ask(path, { method: 'HEAD', headers: tus })).status, 404)
    assert.ok(!blobNames(frontend).some(name => name.includes(path.split('/').at(-1) ?? '')))
  })

  test('in the request that creates the upload leaves nothing, and names no location', async t => {
    const full = await startFrontend(t, { MAX_QUEUED: '1' })
    await until('the queue is full', async () => {
      const { status } = await full.ask('/images', { method: 'POST', body: png })
      return status === 429
    })
    const before = blobNames(full)
    for (const body of [png, large]) {
      const headers = { ...tus, ...patchType, 'upload-length': String(body.length) }
      const refused = await full.ask('/uploads', { method: 'POST', headers, body })
      assert.deepEqual([...codeOf(refused), refused.headers.location], [503, 'queue-full', undefined])
    }
    const { body } = await full.clients.kv.listKeys({ querystring: { prefix: uploadPrefix } })
    assert.deepEqual(body.keys, [])
    assert.deepEqual(blobNames(full), before)
  })

  test('a temporary refusal of an image does not change the upload, and the last piece can be sent again', async t => {
    const full = await startFrontend(t, { MAX_QUEUED: '1' })
    const headers = { ...tus, 'upload-length': String(png.length) }
    const path = String((await full.ask('/uploads', { method: 'POST', headers })).headers.location)
    const send = () =>
      full.ask(path, { method: 'PATCH', body: png, headers: { ...tus, ...patchType, 'upload-offset': '0' } })
    let waiting = 0
    await until('the queue is full', async () => {
      const { status } = await full.ask('/images', { method: 'POST', body: png })
      if (status === 202) waiting += 1
      return status === 429
    })
    const refused = await send()
    assert.deepEqual([...codeOf(refused), refused.headers['retry-after']], [503, 'queue-full', '5'])
    assert.equal((await full.ask(path, { method: 'HEAD', headers: tus })).headers['upload-offset'], '0')
    for (let n = 0; n < waiting; n++) await finishNext(full, png)
    await until('there is room', async () => (await send()).status === 204)
  })
})
