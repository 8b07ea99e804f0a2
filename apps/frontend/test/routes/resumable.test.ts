import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { problemType, tusVersion, uploadPrefix } from '@darkroom/contracts'
import { logger, storageFiles } from '@darkroom/image-master/testing'
import { generateImage, type HttpAnswer, type HttpRequest, httpRequest, until } from '@darkroom/testing'
import { Upload } from 'tus-js-client'
import { buildApp } from '../../src/app.ts'
import { eraseUploads } from '../../src/erasure/erase-uploads.ts'
import { startGuarded } from '../access/start-guarded.ts'
import { finishNext, startFrontend } from '../start-frontend.ts'

const MiB = 1024 * 1024
const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
/** Three pieces long. The intake ignores bytes after the end of a PNG. */
const large = Buffer.concat([png, randomBytes(20 * MiB)])
const frontend = await startFrontend({ after }, { MAX_UPLOAD_BYTES: String(32 * MiB) })
const { ask, clients } = frontend
const tus = { 'tus-resumable': tusVersion }
const patchType = { 'content-type': 'application/offset+octet-stream' }

function createUpload(headers: Record<string, string>, request: HttpRequest = {}): Promise<HttpAnswer> {
  return ask('/uploads', { method: 'POST', ...request, headers: { ...tus, ...headers } })
}

async function newUpload(length = png.length, headers: Record<string, string> = {}): Promise<string> {
  const { status, headers: answered } = await createUpload({ 'upload-length': String(length), ...headers })
  assert.equal(status, 201)
  return String(answered.location)
}

function patch(path: string, offset: number, body: Uint8Array, headers: Record<string, string> = {}) {
  const own = { ...tus, ...patchType, 'upload-offset': String(offset) }
  return ask(path, { method: 'PATCH', body, headers: { ...own, ...headers } })
}

async function offsetOf(path: string): Promise<string | undefined> {
  const { status, headers } = await ask(path, { method: 'HEAD', headers: tus })
  assert.equal(status, 200)
  return String(headers['upload-offset'])
}

function codeOf(answer: HttpAnswer): [number, unknown] {
  return [answer.status, String(answer.json().type).replace(problemType(''), '')]
}

function metadata(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join()
}

/** Starts another frontend of the same Darkroom. */
async function secondFrontend(): Promise<string> {
  const app = buildApp({ clients, logger, accessMode: 'as-configured', intakeCheckMs: 20 })
  frontend.defer(() => app.close())
  return app.listen({ host: '127.0.0.1', port: 0 })
}

describe('a resumable upload', () => {
  test('becomes an image with the id of the upload and the operations of its metadata', async () => {
    const path = await newUpload(png.length, {
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
    assert.ok(!storageFiles(frontend).some(name => name.includes(`${id}_`)))
  })

  test('answers HEAD with its offset until it is finished', async () => {
    const sent = metadata({ filename: 'a.png' })
    const path = await newUpload(png.length, { 'upload-metadata': sent })
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

  test('can be sent with the request that creates it, completely or in part', async () => {
    const head = { 'upload-length': String(png.length), ...patchType }
    const whole = await createUpload(head, { body: png })
    assert.deepEqual([whole.status, whole.headers['upload-offset']], [201, String(png.length)])
    assert.equal((await ask(`/images/${String(whole.headers.location).split('/').at(-1)}`)).status, 200)
    const part = await createUpload(head, { body: png.subarray(0, 99) })
    assert.deepEqual([part.status, part.headers['upload-offset']], [201, '99'])
    assert.equal((await patch(String(part.headers.location), 99, png.subarray(99))).status, 204)
  })

  test('has the urgency of its Priority, unless a browser added it', async () => {
    const urgencyOf = async (headers: Record<string, string>) => {
      const path = await newUpload(png.length, headers)
      assert.equal((await patch(path, 0, png)).status, 204)
      const { body } = await clients.taskDb.listTasks({ querystring: { limit: 1 } })
      return body.tasks.find(({ id }) => path.endsWith(id))?.urgency
    }
    assert.equal(await urgencyOf({ priority: 'u=1' }), 1)
    assert.equal(await urgencyOf({ priority: 'u=1, i', origin: frontend.url }), 3)
  })

  test('can declare its length later', async () => {
    const { headers } = await createUpload({ 'upload-defer-length': '1' })
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

  test('keeps a length that was declared without bytes', async () => {
    const { headers } = await createUpload({ 'upload-defer-length': '1' })
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

  test('is ended by DELETE, which deletes its bytes', async () => {
    const path = await newUpload()
    await patch(path, 0, png.subarray(0, 10))
    assert.equal((await ask(path, { method: 'DELETE', headers: tus })).status, 204)
    assert.equal((await ask(path, { method: 'HEAD', headers: tus })).status, 404)
    assert.deepEqual(codeOf(await patch(path, 10, png.subarray(10))), [404, 'upload-not-found'])
    assert.ok(!storageFiles(frontend).some(name => name.includes('_')))
  })

  test('expires', async t => {
    const brief = await startFrontend(
      { after: t.after.bind(t) },
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

  test('can be continued by POST with X-HTTP-Method-Override', async () => {
    const path = await newUpload()
    const headers = { ...tus, ...patchType, 'upload-offset': '0', 'x-http-method-override': 'PATCH' }
    assert.equal((await ask(path, { method: 'POST', body: png, headers })).status, 204)
    assert.deepEqual(codeOf(await ask(path, { method: 'POST', headers: tus })), [405, 'method-not-allowed'])
  })
})

describe('an invalid request', () => {
  test('is refused with a clear error, and changes nothing', async () => {
    const path = await newUpload()
    const refusals: [Promise<HttpAnswer>, number, string][] = [
      [patch(path, 1, png), 409, 'offset-mismatch'],
      [patch(path, 0, png, { 'content-type': 'image/png' }), 415, 'unsupported-media-type'],
      [patch(path, 0, Buffer.concat([png, png])), 400, 'too-long'],
      [patch(path, 0, png, { 'upload-length': '7' }), 400, 'length-is-fixed'],
      [patch(path, 0, png, { 'tus-resumable': '0.2.2' }), 412, 'tus-version'],
      [ask(path, { method: 'PATCH', body: png, headers: { ...tus, ...patchType } }), 400, 'invalid-request'],
      [patch('/uploads/01990000-0000-7000-8000-000000000001', 0, png), 404, 'upload-not-found'],
      [patch('/uploads/..%2fkeys%2fx', 0, png), 404, 'upload-not-found'],
      [createUpload({}), 400, 'invalid-request'],
      [createUpload({ 'upload-length': '-1' }), 400, 'invalid-request'],
      [createUpload({ 'upload-length': '0' }), 400, 'empty-body'],
      [createUpload({ 'upload-length': '9', 'upload-defer-length': '1' }), 400, 'invalid-request'],
      [createUpload({ 'upload-length': String(33 * MiB) }), 413, 'too-large'],
      [createUpload({ 'upload-length': '99999999999999999999999' }), 413, 'too-large'],
      [createUpload({ 'upload-length': 'much' }), 400, 'invalid-request'],
      [createUpload({ 'upload-length': '9', 'upload-metadata': 'operations !' }), 400, 'invalid-metadata'],
      [
        createUpload({ 'upload-length': '9', 'upload-metadata': metadata({ operations: 'nope' }) }),
        400,
        'invalid-operations',
      ],
      [createUpload({ 'upload-length': '9', 'upload-concat': 'partial' }), 400, 'no-concatenation'],
      [createUpload({ 'upload-length': '9', 'upload-checksum': 'sha1 YQ==' }), 400, 'no-checksum'],
      [
        createUpload({ 'upload-length': '9', 'content-type': 'image/png' }, { body: png }),
        415,
        'unsupported-media-type',
      ],
    ]
    for (const [answer, status, code] of refusals) assert.deepEqual(codeOf(await answer), [status, code])
    assert.equal(await offsetOf(path), '0')
    await ask(path, { method: 'DELETE', headers: tus })
  })

  test('OPTIONS needs no key, and a body of it is ignored', async () => {
    const body = Buffer.from('nothing')
    const headers = { 'content-length': body.length }
    const answer = await ask('/uploads', { method: 'OPTIONS', headers, body })
    assert.equal(answer.status, 204, String(answer.body))
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

  test('one of two simultaneous PATCH requests is refused, and the image is complete', async () => {
    const path = await newUpload(large.length)
    const answers = await Promise.all([1, 2].map(() => patch(path, 0, large.subarray(0, 9 * MiB))))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 409])
    assert.equal(await offsetOf(path), String(9 * MiB))
    const lasts = await Promise.all([1, 2].map(() => patch(path, 9 * MiB, large.subarray(9 * MiB))))
    assert.ok(
      lasts.some(({ status }) => status === 204),
      JSON.stringify(lasts.map(({ status }) => status)),
    )
    const original = await ask(`/images/${path.split('/').at(-1)}/original`)
    assert.ok(original.body.equals(large))
    assert.ok(!storageFiles(frontend).some(name => name.includes('_')))
  })

  test('a piece that arrives while the image is accepted does not stay', async t => {
    const path = await newUpload()
    const { newImage } = clients.imageMaster
    t.mock.method(clients.imageMaster, 'newImage', async (call: Parameters<typeof newImage>[0]) => {
      const answer = await newImage(call)
      assert.equal((await patch(path, 0, png.subarray(0, 9))).status, 204)
      return answer
    })
    assert.equal((await patch(path, 0, png)).status, 204)
    const { body } = await clients.kv.listKeys({
      querystring: { prefix: `${uploadPrefix}_${path.slice(8)}` },
    })
    assert.deepEqual(body.keys, [])
    assert.ok(!storageFiles(frontend).some(name => name.includes('_')))
  })

  test('the number of unfinished uploads of one owner is limited', async t => {
    const small = await startFrontend(
      { after: t.after.bind(t) },
      {},
      {
        uploads: { uploadExpirySeconds: 100, maxUploadsPerOwner: 3 },
      },
    )
    const headers = { ...tus, 'upload-length': '100' }
    const create = () => small.ask('/uploads', { method: 'POST', headers })
    const answers = await Promise.all(Array.from({ length: 10 }, create))
    const begun = answers.filter(({ status }) => status === 201)
    assert.equal(begun.length, 3)
    const refused = answers.find(({ status }) => status !== 201)
    assert.deepEqual([refused?.status, refused?.headers['retry-after']], [429, '10'])
    for (const { headers: answered } of begun)
      await small.ask(String(answered.location), { method: 'DELETE', headers: tus })
    await until('deleted uploads have made room', async () => (await create()).status === 201, 20_000)
  })
})

describe('the refusal of an image', () => {
  test('is the answer to the last piece, and ends the upload', async () => {
    const text = Buffer.from('this is not an image, but a text')
    const path = await newUpload(text.length)
    assert.deepEqual(codeOf(await patch(path, 0, text)), [415, 'not-an-image'])
    assert.equal((await ask(path, { method: 'HEAD', headers: tus })).status, 404)
    assert.ok(!storageFiles(frontend).some(name => name.includes(path.split('/').at(-1) ?? '')))
  })

  test('in the request that creates the upload leaves nothing, and names no location', async t => {
    const full = await startFrontend({ after: t.after.bind(t) }, { MAX_QUEUED: '1' })
    await until('the queue is full', async () => {
      const { status } = await full.ask('/images', { method: 'POST', body: png })
      return status === 429
    })
    const before = storageFiles(full)
    for (const body of [png, large]) {
      const headers = { ...tus, ...patchType, 'upload-length': String(body.length) }
      const refused = await full.ask('/uploads', { method: 'POST', headers, body })
      assert.deepEqual([...codeOf(refused), refused.headers.location], [503, 'queue-full', undefined])
    }
    const { body } = await full.clients.kv.listKeys({ querystring: { prefix: uploadPrefix } })
    assert.deepEqual(body.keys, [])
    assert.deepEqual(storageFiles(full), before)
  })

  test('that is temporary does not change the upload, and the last piece can be sent again', async t => {
    const full = await startFrontend({ after: t.after.bind(t) }, { MAX_QUEUED: '1' })
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

describe('tus-js-client', () => {
  interface Sent {
    url: string
    path: string
  }

  function upload(
    url: string,
    file: Uint8Array,
    options: Partial<ConstructorParameters<typeof Upload>[1]> = {},
  ): Promise<Sent> {
    return new Promise((resolve, reject) => {
      const sending = new Upload(Buffer.from(file), {
        endpoint: `${url}/uploads`,
        retryDelays: [0, 50, 100, 200, 400, 800],
        metadata: { filename: 'a.tif', operations: 'flip' },
        onSuccess: () => resolve({ url: sending.url ?? '', path: new URL(sending.url ?? '').pathname }),
        onError: reject,
        ...options,
      })
      sending.start()
    })
  }

  test('uploads in one request, or in chunks', async () => {
    for (const options of [
      {},
      { chunkSize: 3_000_000 },
      { chunkSize: 8 * MiB, uploadDataDuringCreation: true },
    ]) {
      const { path } = await upload(frontend.url, large, options)
      const original = await ask(`/images/${path.split('/').at(-1)}/original`)
      assert.ok(original.body.equals(large))
    }
    assert.ok(!storageFiles(frontend).some(name => name.includes('_')))
  })

  test('gets the reason why an image is refused', async () => {
    await assert.rejects(upload(frontend.url, Buffer.from('not an image, but text')), /not-an-image/)
  })

  test('continues at another frontend after its connection is cut', async () => {
    const second = await secondFrontend()
    const path = await newUpload(large.length)
    const cut = new AbortController()
    async function* untilStored() {
      yield large.subarray(0, 9_300_000)
      await until('a piece is stored', async () => (await offsetOf(path)) === String(8 * MiB))
      cut.abort()
    }
    const sending = fetch(`${frontend.url}${path}`, {
      method: 'PATCH',
      headers: { ...tus, ...patchType, 'upload-offset': '0', 'content-length': String(large.length) },
      body: ReadableStream.from(untilStored()),
      duplex: 'half',
      signal: cut.signal,
    } as RequestInit)
    await assert.rejects(sending)
    await until('the part of the next piece is kept', async () => Number(await offsetOf(path)) > 8 * MiB)
    await upload(second, large, { uploadUrl: `${second}${path}` })
    const original = await httpRequest(second, `/images/${path.split('/').at(-1)}/original`)
    assert.ok(original.body.equals(large))
  })

  test('waits while the storage does not answer, and does not begin again', async () => {
    const path = await newUpload(large.length)
    await patch(path, 0, large.subarray(0, 9 * MiB))
    await frontend.storage.close()
    const sending = upload(frontend.url, large, {
      uploadUrl: `${frontend.url}${path}`,
      retryDelays: Array.from({ length: 100 }, () => 100),
    })
    await frontend.startStorage()
    assert.equal((await sending).path, path)
  })
})

test('HEAD never answers 5xx, as clients would begin again', async t => {
  const lone = await startFrontend({ after: t.after.bind(t) })
  const headers = { ...tus, 'upload-length': '100' }
  const path = String((await lone.ask('/uploads', { method: 'POST', headers })).headers.location)
  await lone.taskDb.close()
  const { status, headers: answered } = await lone.ask(path, { method: 'HEAD', headers: tus })
  assert.deepEqual([status, answered['retry-after']], [423, '1'])
})

test('the unfinished uploads of one owner can be erased', async t => {
  const guarded = await startGuarded({ after: t.after.bind(t) })
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
  const left = storageFiles(guarded).filter(name => name.includes('_'))
  assert.ok(left.length === 1 && left[0]?.startsWith(paths[1] ?? ''), left.join())
})

test('uploads of other owners are 404', async t => {
  const guarded = await startGuarded({ after: t.after.bind(t) })
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
