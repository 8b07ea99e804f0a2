import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { blobNames } from '@darkroom/image-master/testing'
import { assertProblem, generateImage, until } from '@darkroom/testing'
import { filePart, formData, formHeaders } from '../form-data.ts'
import { png, startGranting } from './start-granting.ts'

const { frontend, alice, grant, upload } = await startGranting({ after })
const { askWith } = frontend
const large = await generateImage({ kind: 'png', width: 400, height: 300, seed: 1 })

suite('a grant', () => {
  test('a grant does not count an upload whose connection breaks', async () => {
    const token = await grant()
    const hangUp = new AbortController()
    const before = blobNames(frontend).length
    async function* half() {
      yield large.subarray(0, large.length / 2)
      await until('the image is being stored', () => blobNames(frontend).length > before)
      hangUp.abort()
    }
    const sending = fetch(`${frontend.url}/images`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-length': String(large.length) },
      body: ReadableStream.from(half()),
      duplex: 'half',
      signal: hangUp.signal,
    } as RequestInit)
    await assert.rejects(sending)
    await until('the place is free', async () => (await upload(token)).status === 202, 20_000)
  })

  test('a grant reports the reason of a refusal even if the place can’t be freed', async t => {
    const token = await grant()
    const { setKey } = frontend.clients.kv
    let writes = 0
    t.mock.method(frontend.clients.kv, 'setKey', async (call: Parameters<typeof setKey>[0]) => {
      if (++writes > 1) throw new Error('kv-config is gone')
      return setKey(call)
    })
    assertProblem(await upload(token, {}, '/images', Buffer.from('not an image')), 415, 'not-an-image')
    assert.equal(writes, 2)
  })

  test('a grant has its own idempotency keys', async () => {
    const headers = { 'idempotency-key': 'one' }
    const own = String((await upload(alice.key, headers)).json().id)
    const token = await grant()
    const first = String((await upload(token, headers)).json().id)
    assert.notEqual(first, own)
    assert.equal((await upload(token, headers)).json().id, first)
    const other = await generateImage({ kind: 'png', width: 41, height: 30, seed: 2 })
    assertProblem(await upload(token, headers, '/images', other), 422, 'idempotency-key-reused')
    assertProblem(await upload(token), 403, 'grant-used-up')
  })

  test('a grant accepts one of two simultaneous images with one idempotency key, and stores its bytes', async () => {
    const headers = { 'idempotency-key': 'one' }
    const other = await generateImage({ kind: 'png', width: 41, height: 30, seed: 2 })
    for (let round = 0; round < 5; round++) {
      const token = await grant()
      const responses = await Promise.all([png, other].map(image => upload(token, headers, '/images', image)))
      const refused = responses.find(({ status }) => status !== 202)
      assert.ok(refused)
      assertProblem(refused, 422, 'idempotency-key-reused')
      const accepted = responses.find(({ status }) => status === 202)
      assert.ok(accepted)
      const { id, original: facts } = accepted.json()
      const original = await askWith(token, `/images/${id}/original`)
      const { width } = facts as { width: number }
      assert.ok(original.body.equals(width === 40 ? png : other))
    }
  })

  test('a grant limits the bytes, and does not count a refused image', async () => {
    const token = await grant({ maxBytes: png.length })
    const long = Buffer.concat([png, png])
    assertProblem(await upload(token, {}, '/images', long), 413, 'too-large')
    const form = { body: formData(filePart(long)), headers: formHeaders }
    assertProblem(await askWith(token, '/images', { method: 'POST', ...form }), 413, 'too-large')
    const noImage = Buffer.from('no image')
    assertProblem(await upload(token, {}, '/images', noImage), 415, 'not-an-image')
    assertProblem(await upload(token, { 'idempotency-key': 'a' }, '/images', noImage), 415, 'not-an-image')
    assert.equal((await upload(token, { 'idempotency-key': 'b' })).status, 202)
    assertProblem(await upload(token, { 'idempotency-key': 'a' }), 403, 'grant-used-up')
  })

  test('a grant counts an image that is accepted after another upload with its idempotency key was refused', async () => {
    const token = await grant()
    const headers = { 'idempotency-key': 'one' }
    const before = blobNames(frontend).length
    async function* slowly() {
      yield large.subarray(0, large.length / 2)
      await until('the image is being stored', () => blobNames(frontend).length > before)
      assertProblem(await upload(token, headers, '/images', Buffer.from('no image')), 415, 'not-an-image')
      yield large.subarray(large.length / 2)
    }
    const response = await fetch(`${frontend.url}/images`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-length': String(large.length), ...headers },
      body: ReadableStream.from(slowly()),
      duplex: 'half',
    } as RequestInit)
    assert.equal(response.status, 202)
    assertProblem(await upload(token), 403, 'grant-used-up')
    assert.equal((await upload(token, headers, '/images', large)).status, 202)
  })

  test('a grant counts resumable uploads', async () => {
    const token = await grant({ operations: 'flop', maxBytes: png.length })
    const tus = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' }
    const begin = (headers: object) =>
      askWith(token, '/uploads', { method: 'POST', headers: { ...tus, ...headers } })
    assertProblem(await begin({ 'upload-length': `${png.length + 1}` }), 413, 'too-large')
    const metadata = `operations ${Buffer.from('flip').toString('base64')}`
    const length = { 'upload-length': `${png.length}` }
    assertProblem(await begin({ ...length, 'upload-metadata': metadata }), 403, 'not-with-a-grant')
    const begun = await begin(length)
    assert.equal(begun.status, 201, String(begun.body))
    assertProblem(await begin(length), 403, 'grant-used-up')
    const location = String(begun.headers.location)
    const patch = { ...tus, 'upload-offset': '0' }
    const stranger = await grant()
    const sent = { method: 'PATCH', headers: patch, body: png }
    assertProblem(await askWith(stranger, location, sent), 404, 'upload-not-found')
    assert.equal((await askWith(token, location, sent)).status, 204)
    const found = await askWith(token, location.replace('uploads', 'images'))
    assert.equal(found.status, 200, String(found.body))
    const image = found.json()
    assert.deepEqual(image.operations, [{ name: 'flop' }])
  })

  test('a grant does not count a resumable upload that is refused', async () => {
    const token = await grant()
    const tus = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' }
    const text = Buffer.from('this is not an image, but a text')
    const begin = (bytes: Buffer, body?: Buffer) =>
      askWith(token, '/uploads', {
        method: 'POST',
        headers: { ...tus, 'upload-length': `${bytes.length}` },
        ...(body && { body }),
      })
    const send = (path: string, body: Buffer) =>
      askWith(token, path, { method: 'PATCH', headers: { ...tus, 'upload-offset': '0' }, body })
    const refused = await begin(text, text)
    assertProblem(refused, 415, 'not-an-image')
    assert.equal(refused.headers.location, undefined)
    assertProblem(await send(String((await begin(text)).headers.location), text), 415, 'not-an-image')
    assert.equal((await send(String((await begin(png)).headers.location), png)).status, 204)
    assertProblem(await begin(png), 403, 'grant-used-up')
  })
})
