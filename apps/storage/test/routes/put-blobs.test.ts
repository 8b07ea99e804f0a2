import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import { suite, test } from 'node:test'
import type { StoredBlob } from '@darkroom/contracts'
import { connectTo, httpRequest, sha256, storedBlobs, until } from '@darkroom/testing'
import { inChunks, MiB, patterned } from '../content.ts'
import { problemOf, serve } from '../serve.ts'

const path = '/images/a-key/pre'

suite('PUT and POST /images/:key/:stage', { concurrency: 4 }, () => {
  for (const method of ['PUT', 'POST']) {
    test(`${method} stores bytes and returns their facts`, async t => {
      const { url } = await serve(t)
      const body = patterned(100_000)
      const headers = { 'content-type': 'image/png' }
      const stored = await httpRequest(url, path, { method, headers, body })
      assert.equal(stored.status, 201)
      assert.deepEqual(stored.json(), {
        bytes: 100_000,
        sha256: sha256(body),
        contentType: 'image/png',
        fence: 0,
      })
      assert.ok((await httpRequest(url, path)).body.equals(body))
    })
  }

  test('bodies may be chunked, have a length, or be empty', async t => {
    const { url } = await serve(t)
    const chunked = await httpRequest(url, path, { method: 'PUT', body: inChunks(patterned(300_000), 7000) })
    assert.equal(chunked.json().sha256, sha256(patterned(300_000)))
    const empty = await httpRequest(url, path, { method: 'PUT' })
    assert.equal(empty.status, 201)
    assert.equal(empty.json().bytes, 0)
    assert.equal(empty.json().contentType, 'application/octet-stream')
  })

  test('content types are kept as they were written', async t => {
    const { url } = await serve(t)
    for (const type of [
      'image/webp',
      'IMAGE/Png',
      'text/plain; charset="x y"',
      'application/json',
      'x/y+z;a=b',
    ]) {
      const put = await httpRequest(url, path, {
        method: 'PUT',
        body: '{}',
        headers: { 'content-type': type },
      })
      assert.equal(put.status, 201, type)
      assert.equal((await httpRequest(url, path)).headers['content-type'], type)
      assert.equal((await httpRequest(url, path, { method: 'HEAD' })).headers['content-type'], type)
    }
  })

  test('any content type is accepted; a type that can’t be kept becomes application/octet-stream', async t => {
    const { url, log } = await serve(t)
    const keptOf = async (type: string | string[]) => {
      const headers: OutgoingHttpHeaders = Object.fromEntries([['content-type', type]])
      const put = await httpRequest(url, path, { method: 'PUT', body: 'x', headers })
      assert.equal(put.status, 201)
      return (await httpRequest(url, path)).headers['content-type']
    }
    for (const type of [
      'nonsense',
      '',
      'image/',
      '; a=b',
      `image/${'x'.repeat(250)}`,
      `image/${'x'.repeat(8000)}`,
    ])
      assert.equal(await keptOf(type), 'application/octet-stream', type)
    const longest = `image/${'x'.repeat(249)}`
    assert.equal(await keptOf(longest), longest)
    assert.equal(await keptOf(['image/png', 'text/html']), 'image/png')
    assert.deepEqual(log.errors, [])
  })

  test('preconditions that don’t hold refuse a write with 412, and change nothing', async t => {
    const { url, folder } = await serve(t)
    const send = (method: string, headers: Record<string, string>) =>
      httpRequest(url, path, { method, headers, ...(method !== 'DELETE' && { body: 'other' }) })
    const first = await httpRequest(url, path, {
      method: 'PUT',
      body: 'x',
      headers: { 'if-none-match': '*' },
    })
    assert.equal(first.status, 201)
    const { etag, 'last-modified': modified } = (await httpRequest(url, path)).headers
    for (const method of ['PUT', 'POST', 'DELETE']) {
      for (const headers of [
        { 'if-none-match': '*' },
        { 'if-none-match': `W/${etag}` },
        { 'if-match': `W/${etag}` },
        { 'if-match': '"other"' },
        { 'if-unmodified-since': new Date(0).toUTCString() },
      ] as Record<string, string>[])
        assert.equal(problemOf(await send(method, headers)), 'precondition-failed', JSON.stringify(headers))
      assert.equal(problemOf(await send(method, { 'if-none-match': 'other' })), 'invalid-request')
    }
    assert.equal((await httpRequest(url, path)).body.toString(), 'x')
    assert.equal(storedBlobs(folder).length, 1)
    const { received } = (await send('PUT', { 'if-none-match': '*' })).json() as { received: StoredBlob }
    assert.deepEqual([received.bytes, received.sha256], [5, sha256(Buffer.from('other'))])
    assert.equal((await send('PUT', { 'if-unmodified-since': String(modified) })).status, 201)
    assert.equal((await send('DELETE', { 'if-match': '*' })).status, 204)
    assert.equal(problemOf(await send('PUT', { 'if-match': '*' })), 'precondition-failed')
  })

  test('an older fencing token is refused with 409, and changes nothing', async t => {
    const { url } = await serve(t)
    const put = (fence: number) =>
      httpRequest(url, `${path}?fence=${fence}`, { method: 'PUT', body: String(fence) })
    assert.equal((await put(5)).json().fence, 5)
    const refused = await put(4)
    assert.equal(refused.status, 409)
    assert.equal(problemOf(refused), 'fenced')
    assert.equal((await put(5)).status, 201)
    assert.equal(String((await httpRequest(url, path)).body), '5')
  })

  test('a token that is not a whole number, an unknown stage and an unknown parameter are refused', async t => {
    const { url, folder } = await serve(t)
    const wrong = [
      '?fence=x',
      '?fence=1.5',
      '?fence=-1',
      '?fence=9007199254740993',
      '?fence=1e300',
      '?fence=',
      '?fence=1&fence=2',
      '?fences=1',
    ]
    for (const target of [...wrong.map(query => path + query), '/images/a-key/other']) {
      const refused = await httpRequest(url, target, { method: 'PUT', body: 'x' })
      assert.equal(refused.status, 400, target)
      assert.equal(problemOf(refused), 'invalid-request')
    }
    assert.deepEqual(storedBlobs(folder), [])
  })

  test('a body whose Content-Length is too large is refused before it is sent', async t => {
    const { url, folder } = await serve(t, { maxBlobBytes: 1000 })
    const socket = connectTo(t, url)
    socket.write(`PUT ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n`)
    const [response] = await once(socket, 'data')
    assert.match(String(response), /^HTTP\/1.1 413 .*urn:darkroom:problem:too-large/s)
    assert.deepEqual(storedBlobs(folder), [])
  })

  test('a body that turns out too large is refused, and the response arrives although the client still sends', async t => {
    const { url, folder, log } = await serve(t, { maxBlobBytes: MiB })
    for (const body of [inChunks(patterned(8 * MiB)), patterned(8 * MiB)]) {
      const refused = await httpRequest(url, path, { method: 'PUT', body })
      assert.equal(refused.status, 413)
      assert.equal(problemOf(refused), 'too-large')
    }
    assert.deepEqual(storedBlobs(folder), [])
    assert.deepEqual(log.errors, [])
    assert.equal(
      (await httpRequest(url, path, { method: 'PUT', body: inChunks(patterned(MiB)) })).status,
      201,
    )
  })

  test('writes to a full disk return 503 with Retry-After', async t => {
    const { url, folder } = await serve(t, { minFreeBytes: Number.MAX_SAFE_INTEGER })
    const refused = await httpRequest(url, path, { method: 'PUT', body: inChunks(patterned(MiB)) })
    assert.equal(refused.status, 503)
    assert.equal(problemOf(refused), 'disk-full')
    assert.equal(refused.headers['retry-after'], '60')
    assert.deepEqual(storedBlobs(folder), [])
  })

  for (const [kind, header] of Object.entries({
    'with a length': 'content-length: 5000000',
    'in chunks': 'transfer-encoding: chunked',
  })) {
    test(`a client that hangs up within a body ${kind} leaves no file and no error in the log`, async t => {
      const { url, folder, log, app } = await serve(t)
      const socket = connectTo(t, url)
      socket.write(`PUT ${path} HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n`)
      socket.write(header.startsWith('content') ? patterned(2 * MiB) : '200000\r\n')
      if (!header.startsWith('content')) socket.write(patterned(2 * MiB))
      await until('the upload is in progress', () => storedBlobs(folder).length === 1)
      socket.destroy()
      await until('its file is gone', () => storedBlobs(folder).length === 0)
      await app.close()
      assert.deepEqual(log.errors, [])
      assert.deepEqual(storedBlobs(folder), [])
    })
  }

  test('keys that are empty, too long, or could name other paths are refused by every method', async t => {
    const { url, folder } = await serve(t)
    const keys = [
      '..',
      '.',
      '%2e%2e',
      'a%2fb',
      '..%2f..%2fetc',
      'a%00',
      '',
      '-a',
      '_a',
      'a.tmp',
      'ä',
      '%zz',
      '%ff',
    ]
    for (const key of [...keys, 'x'.repeat(129), 'x'.repeat(2000), 'a b'.replace(' ', '%20'), 'a%5cb']) {
      for (const method of ['PUT', 'GET', 'HEAD', 'DELETE']) {
        const target = `/images/${encodeURI(key).replaceAll('%25', '%')}/pre`
        const refused = await httpRequest(url, target, { method, ...(method === 'PUT' && { body: 'x' }) })
        assert.ok([400, 404, 414].includes(refused.status), `${method} ${target}: ${refused.status}`)
        if (method !== 'HEAD') assert.ok(problemOf(refused))
      }
    }
    assert.deepEqual(storedBlobs(folder), [])
    assert.equal((await httpRequest(url, `/images/${'x'.repeat(128)}/pre`, { method: 'PUT' })).status, 201)
  })
})

test('an upload in progress when the app closes is stored before the store is closed', async t => {
  const { url, app, store, folder } = await serve(t)
  const { promise: closing, resolve: closes } = Promise.withResolvers<void>()
  let isThereAtTheEnd = false
  t.mock.method(store, 'close', async () => {
    await using found = await store.open({ key: 'a-key', stage: 'pre' })
    isThereAtTheEnd = found !== undefined
  })
  async function* slowly() {
    yield patterned(2 * MiB)
    await closing
    yield patterned(10)
  }
  const uploading = httpRequest(url, path, { method: 'PUT', body: slowly() })
  await until('the upload is in progress', () => storedBlobs(folder).length === 1)
  const closed = app.close()
  await until('it closes', () => app.closing.aborted)
  closes()
  assert.equal((await uploading).status, 201)
  await closed
  assert.ok(isThereAtTheEnd)
})
