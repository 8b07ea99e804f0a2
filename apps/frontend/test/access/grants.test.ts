import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { blobNames } from '@darkroom/image-master/testing'
import { assertProblem, generateImage, until } from '@darkroom/testing'
import { grantToken, readGrantToken } from '../../src/access/grant-token.ts'
import { readSession } from '../../src/access/session-cookie.ts'
import { deriveKey, readOrMakeRoot } from '../../src/access/signing-keys.ts'
import { filePart, formData, formHeaders, operationsPart } from '../form-data.ts'
import { finishNext } from '../start-frontend.ts'
import { startGuarded } from './start-guarded.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const large = await generateImage({ kind: 'png', width: 400, height: 300, seed: 1 })
const frontend = await startGuarded({ after })
const { ask, askWith } = frontend
const alice = await frontend.makeKey({ owner: 'alice' })

async function grant(given: object = {}, key = alice.key): Promise<string> {
  const body = Buffer.from(JSON.stringify(given))
  const response = await askWith(key, '/grants', { method: 'POST', body })
  assert.equal(response.status, 201, String(response.body))
  const token = String(response.json().token)
  assert.match(token, /^dg_[\w.-]+$/)
  return token
}

function upload(token: string, headers: Record<string, string> = {}, path = '/images', body = png) {
  return askWith(token, path, { method: 'POST', body, headers })
}

suite('a grant', () => {
  test('a grant uploads its number of images with its options, also at once, and sees only these', async () => {
    const own = String((await upload(alice.key)).json().id)
    const token = await grant({ images: 3, operations: 'flip', variants: 'thumb=resize:10x10' })
    const other = await grant({ images: 1 })
    const responses = await Promise.all(Array.from({ length: 8 }, () => upload(token)))
    const accepted = responses.filter(({ status }) => status === 202).map(response => response.json())
    assert.equal(accepted.length, 3)
    for (const response of responses.filter(({ status }) => status !== 202))
      assertProblem(response, 403, 'grant-used-up')
    assert.deepEqual(accepted[0]?.operations, [{ name: 'flip' }])
    assert.deepEqual(Object.keys(accepted[0]?.variants ?? {}), ['thumb'])
    const ids = accepted.map(({ id }) => String(id)).sort()
    const listing = await askWith(token, '/images')
    assert.equal(listing.status, 200, String(listing.body))
    const listed = listing.json() as { images: { id: string }[] }
    assert.deepEqual(listed.images.map(({ id }) => id).sort(), ids)
    const first = (await askWith(token, '/images?limit=2')).json() as { images: object[]; next: string }
    const second = (await askWith(token, `/images?limit=2&cursor=${first.next}`)).json()
    assert.deepEqual([...first.images, ...(second.images as object[])], listed.images)
    assert.equal(second.next, undefined)
    assert.deepEqual((await askWith(token, '/images?preset=shop')).json(), { images: [] })
    for (const [id = '', holder, status] of [
      [ids[0], token, 200],
      [ids[0], alice.key, 200],
      [own, token, 404],
      [ids[0], other, 404],
    ] as const)
      for (const path of ['', '/original'])
        assert.equal((await askWith(holder, `/images/${id}${path}`)).status, status)
    assert.equal((await askWith(token, `/images/${own}/events`)).status, 404)
  })

  test('a grant cannot choose options or sources, nor use the routes of a key', async () => {
    const token = await grant({ images: 5 })
    const json = { 'content-type': 'application/json' }
    for (const response of [
      await upload(token, {}, '/images?operations=flip'),
      await upload(token, {}, '/images?callback=https%3A%2F%2Fa.example'),
      await upload(token, json, '/images', Buffer.from('{"url":"https://a.example/cat.jpg"}')),
      await upload(token, json, '/images', Buffer.from('{"from":"x"}')),
      await askWith(token, '/images', {
        ...{ method: 'POST', headers: formHeaders },
        body: formData(operationsPart('flip'), filePart(png)),
      }),
      await askWith(token, '/grants', { method: 'POST' }),
      await askWith(token, '/keys'),
      await askWith(token, '/presets'),
      await askWith(token, '/images/x/links', { method: 'POST' }),
      await askWith(token, '/images/x', { method: 'DELETE' }),
    ])
      assertProblem(response, 403, 'not-with-a-grant')
    assert.deepEqual((await askWith(token, '/images')).json(), { images: [] })
  })

  test('a grant takes its outputs as text, or as lists', async () => {
    const flip = [{ name: 'flip' }]
    for (const [operations, variants] of [
      ['flip', 'thumb=flip'],
      [flip, { thumb: flip }],
    ]) {
      const made = (await upload(await grant({ operations, variants }))).json()
      assert.deepEqual(made.operations, flip)
      assert.deepEqual(made.variants, { thumb: { operations: flip } })
    }
  })

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

  test('a grant expires, and ends when its key is revoked', async () => {
    const key = deriveKey(await readOrMakeRoot(frontend.clients.kv), 'grants')
    const past = { id: '0123456789ab', keyId: alice.id, expiresAt: Math.floor(Date.now() / 1000) }
    assertProblem(await askWith(grantToken(past, key), '/images'), 401, 'grant-refused')
    const made = await frontend.makeKey({ owner: 'alice' })
    const token = await grant({}, made.key)
    assert.equal((await askWith(token, '/images')).status, 200)
    await frontend.store.revoke(made.id)
    const response = await until('the grant has ended', async () => {
      const asked = await askWith(token, '/images')
      return asked.status !== 200 && asked
    })
    assertProblem(response, 401, 'grant-refused')
    assert.match(String(response.json().detail), /grant has ended/)
    assert.equal(response.headers['www-authenticate'], 'Bearer realm="Darkroom", error="invalid_token"')
  })

  test('a grant is not accepted as a key, a session, a link or another grant', async () => {
    const token = await grant()
    const text = token.slice(3)
    assert.equal((await askWith(text, '/images')).status, 401)
    assert.equal((await ask('/images', { headers: { cookie: `darkroom=${text}` } })).status, 401)
    assert.equal((await ask(`/signed/${text}/images/x/result`)).status, 403)
    assertProblem(await askWith(`${token}x`, '/images'), 401, 'grant-refused')
    assertProblem(await askWith(`dg_${'0'.repeat(12)}${text.slice(12)}`, '/images'), 401, 'grant-refused')
    const root = Buffer.alloc(32, 7)
    const terms = { id: '0123456789ab', keyId: 'abcdefghijkl', expiresAt: 9e9 }
    const made = grantToken(terms, deriveKey(root, 'grants'))
    assert.deepEqual(readGrantToken(made, deriveKey(root, 'grants')), terms)
    for (const purpose of ['links', 'sessions', 'webhook secrets'] as const) {
      assert.equal(readGrantToken(made, deriveKey(root, purpose)), undefined)
      assert.equal(readSession(made.slice(3), deriveKey(root, purpose)), undefined)
    }
    const lines = JSON.stringify(frontend.log.lines)
    assert.ok(!lines.includes(text.split('.')[3] ?? ''))
  })
})

test('an owner has a limited number of grants, also with several keys; expired grants make room', async t => {
  const limited = await startGuarded(t, { maxGrantsPerOwner: 2 })
  const keys = [await limited.makeKey({ owner: 'alice' }), await limited.makeKey({ owner: 'alice' })]
  const bob = await limited.makeKey({ owner: 'bob' })
  const make = (key = '', expiresIn = 3600) =>
    limited.askWith(key, '/grants', { method: 'POST', body: Buffer.from(JSON.stringify({ expiresIn })) })
  const short = await make(keys[0]?.key, 2)
  assert.equal(short.status, 201)
  assert.equal((await make(keys[1]?.key)).status, 201)
  for (const { key } of keys) {
    const refused = await make(key)
    assertProblem(refused, 429, 'too-many-grants')
    assert.equal(refused.headers['retry-after'], '60')
  }
  assert.equal((await make(bob.key)).status, 201)
  await until('a grant has expired', async () => (await make(keys[0]?.key)).status === 201)
  assert.ok(Date.now() >= Date.parse(String(short.json().expiresAt)))
})

test('the stream of a grant has only the changes of its own images', async () => {
  const token = await grant()
  const opened = await fetch(`${frontend.url}/images/events`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const own = String((await upload(alice.key)).json().id)
  const id = String((await upload(token)).json().id)
  let finished = ''
  while (finished !== id) finished = await finishNext(frontend, png)
  let text = ''
  for await (const chunk of opened.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.includes('"state":"finished"')) break
  }
  assert.ok(text.includes(id) && !text.includes(own))
})
