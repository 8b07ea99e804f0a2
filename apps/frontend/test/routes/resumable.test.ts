import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { uploadPrefix } from '@darkroom/contracts'
import { blobNames } from '@darkroom/image-master/testing'
import { type HttpRequest, until } from '@darkroom/testing'
import { eraseUploads } from '../../src/erasure/erase-uploads.ts'
import { startGuarded } from '../access/start-guarded.ts'
import { finishNext, startFrontend } from '../start-frontend.ts'
import { codeOf, large, metadata, patchType, png, tus, tusRequests } from '../tus-requests.ts'

const MiB = 1024 * 1024
const frontend = await startFrontend({ after }, { MAX_UPLOAD_BYTES: String(32 * MiB) })
const { ask, clients } = frontend
const { create, begin, patch, offsetOf } = tusRequests(frontend)

suite('a resumable upload', () => {
  test('a resumable upload becomes an image with the id of the upload and the operations of its metadata', async () => {
    const path = await begin(png.length, {
      'upload-metadata': metadata({ filename: 'ä.png', operations: 'flip', relativePath: 'x/y' }),
    })
    assert.equal(await offsetOf(path), '0')
    const { status, headers } = await patch(path, 0, png)
    assert.deepEqual(
      [status, headers['upload-offset'], headers['tus-resumable']],
      [204, String(png.length), '1.0.0'],
    )
    const id = path.split('/').at(-1)
    const image = (await ask(`/images/${id}`)).json()
    assert.deepEqual([image.id, image.operations], [id, [{ name: 'flip' }]])
    assert.equal(await offsetOf(path), String(png.length))
    assert.equal(await finishNext(frontend, png), id)
    const original = await ask(`/images/${id}/original`)
    assert.deepEqual(original.body, Buffer.from(png))
    assert.ok(!blobNames(frontend).some(name => name.includes(`${id}_`)))
  })

  test('a resumable upload answers HEAD with its offset until it is finished', async () => {
    const sent = metadata({ filename: 'a.png' })
    const path = await begin(png.length, { 'upload-metadata': sent })
    await patch(path, 0, png.subarray(0, 10))
    const { headers } = await ask(path, { method: 'HEAD', headers: tus })
    assert.deepEqual(
      [
        headers['upload-offset'],
        headers['upload-length'],
        headers['upload-metadata'],
        headers['cache-control'],
      ],
      ['10', String(png.length), sent, 'no-store'],
    )
    const leftMs = Date.parse(String(headers['upload-expires'])) - Date.now()
    assert.ok(leftMs > 86_000_000 && leftMs <= 86_400_000)
    await ask(path, { method: 'DELETE', headers: tus })
  })

  test('a resumable upload can be sent with the request that creates it, completely or in part', async () => {
    const head = { 'upload-length': String(png.length), ...patchType }
    const whole = await create(head, { body: png })
    assert.deepEqual([whole.status, whole.headers['upload-offset']], [201, String(png.length)])
    assert.equal((await ask(`/images/${String(whole.headers.location).split('/').at(-1)}`)).status, 200)
    const part = await create(head, { body: png.subarray(0, 99) })
    assert.deepEqual([part.status, part.headers['upload-offset']], [201, '99'])
    assert.equal((await patch(String(part.headers.location), 99, png.subarray(99))).status, 204)
  })

  test('a resumable upload has the urgency of its Priority, unless a browser added it', async () => {
    const urgencyOf = async (headers: Record<string, string>) => {
      const path = await begin(png.length, headers)
      assert.equal((await patch(path, 0, png)).status, 204)
      const { body } = await clients.taskDb.listTasks({ querystring: { limit: 1 } })
      return body.tasks.find(({ id }) => path.endsWith(id))?.urgency
    }
    assert.equal(await urgencyOf({ priority: 'u=1' }), 1)
    assert.equal(await urgencyOf({ priority: 'u=1, i', origin: frontend.url }), 3)
  })

  test('a resumable upload can declare its length later', async () => {
    const { headers } = await create({ 'upload-defer-length': '1' })
    const path = String(headers.location)
    assert.equal((await patch(path, 0, png.subarray(0, 50))).status, 204)
    const described = await ask(path, { method: 'HEAD', headers: tus })
    assert.deepEqual(
      [described.headers['upload-defer-length'], described.headers['upload-length']],
      ['1', undefined],
    )
    assert.equal((await patch(path, 50, png.subarray(50))).status, 204)
    const last = await patch(path, png.length, new Uint8Array(), { 'upload-length': String(png.length) })
    assert.deepEqual([last.status, last.headers['upload-offset']], [204, String(png.length)])
    assert.equal((await ask(`/images/${path.split('/').at(-1)}`)).status, 200)
  })

  test('a resumable upload keeps a length that was declared without bytes', async () => {
    const { headers } = await create({ 'upload-defer-length': '1' })
    const path = String(headers.location)
    const nothing = new Uint8Array()
    await patch(path, 0, png.subarray(0, 50))
    assert.equal((await patch(path, 50, nothing, { 'upload-length': String(png.length) })).status, 204)
    const described = await ask(path, { method: 'HEAD', headers: tus })
    assert.equal(described.headers['upload-length'], String(png.length))
    const other = await patch(path, 50, nothing, { 'upload-length': '60' })
    assert.deepEqual(codeOf(other), [400, 'length-is-fixed'])
    assert.equal((await patch(path, 50, png.subarray(50))).status, 204)
    assert.equal((await ask(`/images/${path.split('/').at(-1)}`)).status, 200)
  })

  test('a resumable upload is ended by DELETE, which deletes its bytes', async () => {
    const path = await begin()
    await patch(path, 0, png.subarray(0, 10))
    assert.equal((await ask(path, { method: 'DELETE', headers: tus })).status, 204)
    assert.equal((await ask(path, { method: 'HEAD', headers: tus })).status, 404)
    assert.deepEqual(codeOf(await patch(path, 10, png.subarray(10))), [404, 'upload-not-found'])
    assert.ok(!blobNames(frontend).some(name => name.includes('_')))
  })

  test('a resumable upload expires', async t => {
    const brief = await startFrontend(
      t,
      {},
      {
        uploads: { uploadExpirySeconds: 1, maxUploadsPerOwner: 10 },
      },
    )
    const { headers } = await brief.ask('/uploads', {
      method: 'POST',
      headers: { ...tus, 'upload-length': '100' },
    })
    const head = () => brief.ask(String(headers.location), { method: 'HEAD', headers: tus })
    await until('the upload is gone', async () => (await head()).status === 404)
  })

  test('a resumable upload can be continued by POST with X-HTTP-Method-Override', async () => {
    const path = await begin()
    const headers = { ...tus, ...patchType, 'upload-offset': '0', 'x-http-method-override': 'PATCH' }
    assert.equal((await ask(path, { method: 'POST', body: png, headers })).status, 204)
    const refused = await ask(path, { method: 'POST', headers: { ...tus, 'x-http-method-override': 'HEAD' } })
    assert.deepEqual(codeOf(refused), [405, 'method-not-allowed'])
    assert.match(String(refused.json().detail), /PATCH or DELETE, got "HEAD"/)
  })
})

test('one of two simultaneous PATCH requests is refused, and the image is complete', async () => {
  const path = await begin(large.length)
  const responses = await Promise.all([1, 2].map(() => patch(path, 0, large.subarray(0, 9 * MiB))))
  assert.deepEqual(responses.map(({ status }) => status).sort(), [204, 409])
  assert.equal(await offsetOf(path), String(9 * MiB))
  const lasts = await Promise.all([1, 2].map(() => patch(path, 9 * MiB, large.subarray(9 * MiB))))
  assert.ok(
    lasts.some(({ status }) => status === 204),
    JSON.stringify(lasts.map(({ status }) => status)),
  )
  const original = await ask(`/images/${path.split('/').at(-1)}/original`)
  assert.ok(original.body.equals(large))
  assert.ok(!blobNames(frontend).some(name => name.includes('_')))
})

test('a piece that arrives while the image is accepted does not stay', async t => {
  const path = await begin()
  const { newImage } = clients.imageMaster
  t.mock.method(clients.imageMaster, 'newImage', async (call: Parameters<typeof newImage>[0]) => {
    const response = await newImage(call)
    assert.equal((await patch(path, 0, png.subarray(0, 9))).status, 204)
    return response
  })
  assert.equal((await patch(path, 0, png)).status, 204)
  const { body } = await clients.kv.listKeys({
    querystring: { prefix: `${uploadPrefix}_${path.slice(8)}` },
  })
  assert.deepEqual(body.keys, [])
  assert.ok(!blobNames(frontend).some(name => name.includes('_')))
})

test('the number of unfinished uploads of one owner is limited', async t => {
  const small = await startFrontend(
    t,
    {},
    {
      uploads: { uploadExpirySeconds: 100, maxUploadsPerOwner: 3 },
    },
  )
  const headers = { ...tus, 'upload-length': '100' }
  const create = () => small.ask('/uploads', { method: 'POST', headers })
  const responses = await Promise.all(Array.from({ length: 10 }, create))
  const begun = responses.filter(({ status }) => status === 201)
  assert.equal(begun.length, 3)
  const refused = responses.find(({ status }) => status !== 201)
  assert.deepEqual([refused?.status, refused?.headers['retry-after']], [429, '10'])
  for (const { headers: answered } of begun)
    await small.ask(String(answered.location), { method: 'DELETE', headers: tus })
  await until('deleted uploads have made room', async () => (await create()).status === 201, 20_000)
})

test('HEAD never answers 5xx, as clients would begin again', async t => {
  const lone = await startFrontend(t)
  const headers = { ...tus, 'upload-length': '100' }
  const path = String((await lone.ask('/uploads', { method: 'POST', headers })).headers.location)
  await lone.taskDb.close()
  const { status, headers: answered } = await lone.ask(path, { method: 'HEAD', headers: tus })
  assert.deepEqual([status, answered['retry-after']], [423, '1'])
})

test('the unfinished uploads of one owner can be erased', async t => {
  const guarded = await startGuarded(t)
  const paths: string[] = []
  for (const owner of ['alice', 'bob']) {
    const { key } = await guarded.makeKey({ owner })
    const headers = { ...tus, ...patchType, 'upload-length': String(png.length) }
    const { headers: answered } = await guarded.askWith(key, '/uploads', {
      method: 'POST',
      headers,
      body: png.subarray(0, 9),
    })
    paths.push(String(answered.location).split('/').at(-1) ?? '')
  }
  assert.equal(await eraseUploads(guarded.clients, 'alice'), 1)
  const left = blobNames(guarded).filter(name => name.includes('_'))
  assert.ok(left.length === 1 && left[0]?.startsWith(paths[1] ?? ''), left.join())
})

test('requests for uploads of other owners return 404', async t => {
  const guarded = await startGuarded(t)
  const [alice, bob] = await Promise.all(['alice', 'bob'].map(owner => guarded.makeKey({ owner })))
  const as = (key = '', path = '/uploads', request: HttpRequest = {}) =>
    guarded.askWith(key, path, { ...request, headers: { ...tus, ...request.headers } })
  const headers = { 'upload-length': String(png.length) }
  const path = String((await as(alice?.key, '/uploads', { method: 'POST', headers })).headers.location)
  const append = { method: 'PATCH', body: png, headers: { ...patchType, 'upload-offset': '0' } }
  for (const request of [{ method: 'HEAD' }, append, { method: 'DELETE' }])
    assert.equal((await as(bob?.key, path, request)).status, 404)
  assert.equal((await as(alice?.key, path, append)).status, 204)
  for (const request of [{ method: 'HEAD' }, append, { method: 'DELETE' }])
    assert.equal((await as(bob?.key, path, request)).status, 404)
  assert.equal((await as(alice?.key, path, { method: 'HEAD' })).headers['upload-offset'], String(png.length))
})
