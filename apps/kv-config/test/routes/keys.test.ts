import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertProblem, characterOf, lastCharacter } from '@darkroom/testing'
import fc from 'fast-check'
import { buildTestApp } from '../build-test-app.ts'

const mebibyte = 1024 * 1024

for (const method of ['PUT', 'POST'] as const) {
  test(`${method} makes a key with 201, changes it with 200, and returns its revision`, async t => {
    const app = buildTestApp(t)
    const made = await app.inject({ method, url: '/key/a/b', body: 'one' })
    const changed = await app.inject({ method, url: '/key/a/b', body: 'two' })
    assert.deepEqual([made.statusCode, changed.statusCode], [201, 200])
    assert.equal(changed.body, '')
    assert.notEqual(changed.headers.etag, made.headers.etag)
    const read = await app.inject('/key/a/b')
    assert.equal(read.body, 'two')
    for (const { headers } of [made, changed, read]) assert.match(String(headers.etag), /^"\d+"$/)
    for (const name of ['etag', 'kv-revision']) assert.equal(read.headers[name], changed.headers[name])
  })
}

test('a value is raw bytes, whatever the Content-Type of its write', async t => {
  const app = buildTestApp(t)
  const body = Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte))
  for (const type of ['application/json', 'text/plain', 'image/png', 'made/up', '', 'malformed', 'a/b/c;;']) {
    await app.inject({ method: 'PUT', url: '/key/a', body, headers: { 'content-type': type } })
    const { rawPayload, headers } = await app.inject('/key/a')
    assert.deepEqual(rawPayload, body)
    assert.equal(headers['content-type'], 'application/octet-stream')
  }
})

test('a write without a body sets the empty value', async t => {
  const app = buildTestApp(t)
  assert.equal((await app.inject({ method: 'PUT', url: '/key/a' })).statusCode, 201)
  const { statusCode, body } = await app.inject('/key/a')
  assert.deepEqual([statusCode, body], [200, ''])
})

test('a value of 1 MiB is accepted; a longer value is refused and not stored', async t => {
  const app = buildTestApp(t)
  const largest = Buffer.alloc(mebibyte, 'x')
  assert.equal((await app.inject({ method: 'PUT', url: '/key/a', body: largest })).statusCode, 201)
  const { rawPayload } = await app.inject('/key/a')
  assert.equal(Buffer.compare(rawPayload, largest), 0)
  const tooLarge = Buffer.alloc(mebibyte + 1, 'y')
  assertProblem(await app.inject({ method: 'PUT', url: '/key/a', body: tooLarge }), 413, 'too-large')
  assert.equal(Buffer.compare((await app.inject('/key/a')).rawPayload, largest), 0)
})

test('a key of 512 bytes is accepted; every method refuses a longer key', async t => {
  const app = buildTestApp(t)
  for (const longest of ['k'.repeat(512), `${'€'.repeat(170)}ab`]) {
    const url = `/key/${encodeURIComponent(longest)}`
    assert.equal((await app.inject({ method: 'PUT', url, body: 'one' })).statusCode, 201)
    assert.equal((await app.inject(url)).body, 'one')
    for (const method of ['GET', 'PUT', 'POST', 'DELETE'] as const) {
      assertProblem(await app.inject({ method, url: `${url}c` }), 400, 'key-too-long')
    }
  }
})

test('an empty key is refused', async t => {
  const app = buildTestApp(t)
  assertProblem(await app.inject({ method: 'PUT', url: '/key/', body: 'one' }), 400, 'invalid-request')
  assertProblem(await app.inject({ method: 'PUT', url: '/key', body: 'one' }), 404, 'no-such-route')
})

test('any text may be a key, with its slashes percent-encoded or not', async t => {
  const app = buildTestApp(t)
  const key = fc.string({ unit: fc.nat(lastCharacter).map(characterOf), minLength: 1, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(key, async key => {
      await app.inject({ method: 'PUT', url: `/key/${encodeURIComponent(key)}`, body: key })
      const url = `/key/${key.split('/').map(encodeURIComponent).join('/')}`
      // `inject` parses the URL, which removes dot segments.
      fc.pre(!key.split('/').some(segment => segment === '.' || segment === '..'))
      assert.equal((await app.inject(url)).body, key)
    }),
    { numRuns: 60 },
  )
})

test('reading a missing key returns 404, with the revision of the store', async t => {
  const app = buildTestApp(t)
  const { headers } = await app.inject({ method: 'PUT', url: '/key/other', body: 'one' })
  const response = await app.inject('/key/a')
  assertProblem(response, 404, 'key-not-found')
  assert.equal(response.headers['kv-revision'], headers['kv-revision'])
})

test('deleting returns 204, whether the key existed or not', async t => {
  const app = buildTestApp(t)
  const written = await app.inject({ method: 'PUT', url: '/key/a', body: 'one' })
  const deleted = await app.inject({ method: 'DELETE', url: '/key/a' })
  const again = await app.inject({ method: 'DELETE', url: '/key/a' })
  assert.deepEqual([deleted.statusCode, again.statusCode], [204, 204])
  assert.ok(Number(deleted.headers['kv-revision']) > Number(written.headers['kv-revision']))
  assert.equal(again.headers['kv-revision'], deleted.headers['kv-revision'])
  assert.equal((await app.inject('/key/a')).statusCode, 404)
})

test('If-None-Match: * writes only if the key does not exist', async t => {
  const app = buildTestApp(t)
  const headers = { 'if-none-match': '*' }
  const first = await app.inject({ method: 'PUT', url: '/key/a', body: 'one', headers })
  assert.equal(first.statusCode, 201)
  const second = await app.inject({ method: 'PUT', url: '/key/a', body: 'two', headers })
  assertProblem(second, 412, 'precondition-failed')
  assert.equal(second.headers.etag, first.headers.etag)
  assert.equal((await app.inject('/key/a')).body, 'one')
})

test('If-Match writes and deletes only a value with this ETag', async t => {
  const app = buildTestApp(t)
  const first = await app.inject({ method: 'PUT', url: '/key/a', body: 'one' })
  const old = { 'if-match': String(first.headers.etag) }
  const second = await app.inject({ method: 'PUT', url: '/key/a', body: 'two', headers: old })
  assert.equal(second.statusCode, 200)
  for (const method of ['PUT', 'POST', 'DELETE'] as const) {
    const refused = await app.inject({ method, url: '/key/a', headers: old })
    assertProblem(refused, 412, 'precondition-failed')
    assert.equal(refused.headers.etag, second.headers.etag)
  }
  const current = { 'if-match': String(second.headers.etag) }
  assert.equal((await app.inject({ method: 'DELETE', url: '/key/a', headers: current })).statusCode, 204)
})

test('If-Match: * writes and deletes only an existing value', async t => {
  const app = buildTestApp(t)
  const headers = { 'if-match': '*' }
  for (const method of ['PUT', 'POST', 'DELETE'] as const) {
    assertProblem(await app.inject({ method, url: '/key/a', headers }), 412, 'precondition-failed')
  }
  await app.inject({ method: 'PUT', url: '/key/a', body: 'one' })
  for (const method of ['PUT', 'POST', 'DELETE'] as const) {
    assert.ok((await app.inject({ method, url: '/key/a', headers })).statusCode < 300)
  }
})

test('malformed conditions are refused with 400', async t => {
  const app = buildTestApp(t)
  const conditions = [
    { 'if-match': '7' },
    { 'if-match': '"7" "8"' },
    { 'if-match': '' },
    { 'if-match': '*, "7"' },
    { 'if-none-match': '7' },
    { 'if-none-match': 'w/"7"' },
  ]
  for (const headers of conditions) {
    const response = await app.inject({ method: 'PUT', url: '/key/a', body: 'one', headers })
    assertProblem(response, 400, 'invalid-request')
  }
  assert.equal((await app.inject('/key/a')).statusCode, 404)
})

test('a conditional write compares weak tags only for If-None-Match, and every tag of a list', async t => {
  const app = buildTestApp(t)
  const { etag } = (await app.inject({ method: 'PUT', url: '/key/a', body: 'one' })).headers
  const statusOf = async (headers: Record<string, string>, url = '/key/a') =>
    (await app.inject({ method: 'PUT', url, body: 'one', headers })).statusCode
  assert.equal(await statusOf({ 'if-match': `"seven", ${etag}` }), 200)
  assert.equal(await statusOf({ 'if-none-match': '"seven", "0"' }), 200)
  assert.equal(await statusOf({ 'if-none-match': `"0${etag?.slice(1)}` }), 200)
  assert.equal(await statusOf({ 'if-match': '*', 'if-none-match': '"seven"' }), 200)
  assert.equal(await statusOf({ 'if-none-match': '"seven"' }, '/key/b'), 201)
  for (const headers of [
    { 'if-match': `W/${etag}` },
    { 'if-match': '"seven"' },
    { 'if-none-match': `"seven", ${etag}` },
    { 'if-none-match': `W/${etag}` },
    { 'if-match': '*', 'if-none-match': String(etag) },
    { 'if-match': String(etag), 'if-none-match': '*' },
  ])
    assert.equal(await statusOf(headers), 412, JSON.stringify(headers))
  for (const headers of [{ 'if-none-match': String(etag) }, { 'if-match': '"seven"' }])
    assert.equal((await app.inject({ method: 'DELETE', url: '/key/a', headers })).statusCode, 412)
  assert.equal((await app.inject('/key/a')).body, 'one')
})

test('a read is 304 if If-None-Match has the current ETag, and 412 if If-Match has another', async t => {
  const app = buildTestApp(t)
  const { etag } = (await app.inject({ method: 'PUT', url: '/key/a', body: 'one' })).headers
  for (const method of ['GET', 'HEAD'] as const) {
    const read = (headers: Record<string, string>) => app.inject({ method, url: '/key/a', headers })
    for (const tags of ['*', `W/${etag}`, `"7", ${etag}`]) {
      const { statusCode, headers, body } = await read({ 'if-none-match': tags })
      assert.deepEqual([statusCode, headers.etag, body], [304, etag, ''], tags)
      assert.ok(headers['kv-revision'])
    }
    assert.equal((await read({ 'if-none-match': '"7"' })).statusCode, 200)
    assert.equal((await read({ 'if-match': String(etag) })).statusCode, 200)
    assert.equal((await read({ 'if-match': '"7"', 'if-none-match': String(etag) })).statusCode, 412)
  }
  assertProblem(await app.inject({ url: '/key/b', headers: { 'if-none-match': '*' } }), 404, 'key-not-found')
})

test('an invalid cursor is refused', async t => {
  const app = buildTestApp(t)
  await app.inject({ method: 'PUT', url: '/key/a', body: 'one' })
  for (const cursor of ['a', 'x', '%00', 'AAAAAAAAYQ'])
    assertProblem(await app.inject(`/keys?cursor=${cursor}`), 400, 'invalid-cursor')
})

test('a lease is set in seconds, and its end is returned as a time', async t => {
  const app = buildTestApp(t)
  const before = Date.now()
  await app.inject({ method: 'PUT', url: '/key/a?ttl=1800.5', body: 'one' })
  const { keys } = (await app.inject('/keys')).json()
  const expiresAt = Date.parse(keys[0].expiresAt)
  assert.ok(expiresAt >= before + 1_800_500 && expiresAt <= Date.now() + 1_800_500)
})

test('keys are listed with their values, in pages', async t => {
  const app = buildTestApp(t)
  for (const key of ['a/1', 'a/2', 'a/ü', 'b/1']) {
    await app.inject({ method: 'PUT', url: `/key/${encodeURIComponent(key)}`, body: `value of ${key}` })
  }
  const first = (await app.inject('/keys?prefix=a/&limit=2')).json()
  assert.equal(first.keys.length, 2)
  const second = (await app.inject(`/keys?prefix=a/&limit=2&cursor=${encodeURIComponent(first.next)}`)).json()
  assert.equal(second.next, undefined)
  const listed = [...first.keys, ...second.keys].map(({ key, value }) => [key, atob(value)])
  assert.deepEqual(
    listed.map(([key]) => key),
    ['a/1', 'a/2', 'a/ü'],
  )
  assert.equal(Buffer.from(second.keys[0].value, 'base64').toString(), 'value of a/ü')
  assert.equal(first.revision, Number((await app.inject('/key/b/1')).headers['kv-revision']))
})

test('a listing has at most a hundred keys by default', async t => {
  const app = buildTestApp(t)
  const keys = Array.from({ length: 101 }, (_, n) => `/key/${n}`)
  await Promise.all(keys.map(url => app.inject({ method: 'PUT', url, body: 'one' })))
  assert.equal((await app.inject('/keys')).json().keys.length, 100)
  assert.equal((await app.inject('/keys?limit=1000')).json().keys.length, 101)
})

for (const url of [
  '/keys?limit=0',
  '/keys?limit=1001',
  '/keys?limit=many',
  '/keys?unknown=1',
  '/keys?wait=56',
  '/keys?wait=-1',
  '/keys?after=-1',
  '/keys?after=1.5',
  '/key/a?unknown=1',
  '/key/a?wait=soon',
  '/key/a?prefix=a',
]) {
  test(`GET ${url} is refused`, async t => {
    assertProblem(await buildTestApp(t).inject(url), 400, 'invalid-request')
  })
}

for (const ttl of ['0', '-1', 'long', '31536001', '']) {
  test(`a lease of "${ttl}" seconds is refused`, async t => {
    const app = buildTestApp(t)
    const response = await app.inject({ method: 'PUT', url: `/key/a?ttl=${ttl}`, body: 'one' })
    assertProblem(response, 400, 'invalid-request')
    assert.equal((await app.inject('/key/a')).statusCode, 404)
  })
}

test('a path with another method returns 405 with the allowed methods; another path returns 404', async t => {
  const app = buildTestApp(t)
  for (const [method, url, allowed] of [
    ['PATCH', '/key/a/b', 'GET'],
    ['POST', '/keys', 'GET'],
    ['PUT', '/cluster/members', 'POST'],
  ] as const) {
    const response = await app.inject({ method, url })
    assertProblem(response, 405, 'method-not-allowed')
    assert.ok(String(response.headers.allow).split(', ').includes(allowed))
  }
  assertProblem(await app.inject('/values'), 404, 'no-such-route')
})
