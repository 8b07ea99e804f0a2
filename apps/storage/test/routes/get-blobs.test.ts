import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { suite, type TestContext, test } from 'node:test'
import { StoreUnavailable } from '@darkroom/service-kit'
import { connectTo, httpRequest, sha256, storedBlobs, until } from '@darkroom/testing'
import { type BlobId, smallBytes } from '../../src/engine/engine.ts'
import { MiB, patterned } from '../content.ts'
import { problemOf, serve } from '../serve.ts'

const path = '/images/a-key/pre'
const bytes = patterned(1000)
const etag = `"${sha256(bytes)}"`

async function serveBlob(t: TestContext, body: Uint8Array = bytes) {
  const served = await serve(t)
  const headers = { 'content-type': 'image/png' }
  assert.equal((await httpRequest(served.url, path, { method: 'PUT', headers, body })).status, 201)
  const get = (headers: Record<string, string> = {}, method = 'GET') =>
    httpRequest(served.url, path, { headers, method })
  return { ...served, get }
}

suite('GET and HEAD /images/:key/:stage', { concurrency: 4 }, () => {
  test('GET returns all bytes and their facts', async t => {
    const { get } = await serveBlob(t)
    const { status, headers, body } = await get()
    assert.equal(status, 200)
    assert.ok(body.equals(bytes))
    assert.equal(headers.etag, etag)
    assert.equal(headers['content-length'], '1000')
    assert.equal(headers['content-type'], 'image/png')
    assert.equal(headers['accept-ranges'], 'bytes')
    assert.equal(headers['repr-digest'], `sha-256=:${Buffer.from(sha256(bytes), 'hex').toString('base64')}:`)
    assert.ok(Math.abs(Date.parse(String(headers['last-modified'])) - Date.now()) < 60_000)
  })

  test('HEAD answers the headers of GET, whatever the range', async t => {
    const { get } = await serveBlob(t)
    const { date: _, connection: __, ...expected } = (await get()).headers
    for (const range of ['bytes=0-1', 'bytes=5000-', 'nonsense']) {
      const { status, headers, body } = await get({ range }, 'HEAD')
      const { date: _, connection: __, ...found } = headers
      assert.equal(status, 200)
      assert.equal(body.length, 0)
      assert.deepEqual(found, expected)
    }
  })

  test('fault: the store fails between the opening of a blob and its bytes: 503', async t => {
    const { store, get } = await serveBlob(t)
    const open = store.open.bind(store)
    t.mock.method(store, 'open', async (id: BlobId) => {
      const opened = await open(id)
      const read = () =>
        Readable.from(
          (async function* () {
            yield* []
            await opened?.[Symbol.asyncDispose]()
            throw new StoreUnavailable('the object store does not answer')
          })(),
        )
      return opened && Object.assign(opened, { read })
    })
    for (const headers of [{}, { range: 'bytes=10-19' }]) {
      const response = await get(headers)
      assert.deepEqual([response.status, problemOf(response)], [503, 'blob-store-unavailable'])
    }
  })

  test('an empty blob is answered with an empty body', async t => {
    const { get } = await serveBlob(t, Buffer.alloc(0))
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, body } = await get({}, method)
      assert.equal(status, 200)
      assert.equal(headers['content-length'], '0')
      assert.equal(headers['content-type'], 'image/png')
      assert.equal(body.length, 0)
    }
  })

  test('a missing blob returns 404', async t => {
    const { url } = await serve(t)
    assert.equal(problemOf(await httpRequest(url, path)), 'blob-not-found')
    assert.equal((await httpRequest(url, path, { method: 'HEAD' })).status, 404)
  })

  test('one range is answered with 206 and only its bytes', async t => {
    const { get } = await serveBlob(t)
    const ranges: [string, number, number][] = [
      ['bytes=0-0', 0, 0],
      ['bytes=100-199', 100, 199],
      ['bytes=999-', 999, 999],
      ['bytes=900-5000', 900, 999],
      ['bytes=-1', 999, 999],
      ['bytes=-100', 900, 999],
      ['bytes=-5000', 0, 999],
    ]
    for (const [range, start, end] of ranges) {
      const { status, headers, body } = await get({ range })
      assert.equal(status, 206, range)
      assert.equal(headers['content-range'], `bytes ${start}-${end}/1000`)
      assert.equal(headers['content-length'], String(end - start + 1))
      assert.equal(headers.etag, etag)
      assert.ok(body.equals(bytes.subarray(start, end + 1)), range)
    }
  })

  test('a range without a byte returns 416 with the size', async t => {
    const { get } = await serveBlob(t)
    for (const range of ['bytes=1000-', 'bytes=5000-6000', 'bytes=-0']) {
      const refused = await get({ range })
      assert.equal(refused.status, 416, range)
      assert.equal(refused.headers['content-range'], 'bytes */1000')
      assert.equal(problemOf(refused), 'range-not-satisfiable')
    }
  })

  test('several ranges, other units and malformed ranges are answered with the whole blob', async t => {
    const { get } = await serveBlob(t)
    for (const range of ['bytes=0-1,5-6', 'bytes=x', 'items=0-1', 'items=9999-', 'bytes=', 'bytes=-']) {
      const { status, headers, body } = await get({ range })
      assert.equal(status, 200, range)
      assert.equal(headers['content-range'], undefined)
      assert.ok(body.equals(bytes))
    }
  })

  test('If-Range gives the part if the ETag is still the same, otherwise the whole blob', async t => {
    const { get } = await serveBlob(t)
    const range = 'bytes=0-9'
    assert.equal((await get({ range, 'if-range': etag })).status, 206)
    const later = new Date(Date.now() + 60_000).toUTCString()
    for (const other of ['"other"', `W/${etag}`, later])
      assert.equal((await get({ range, 'if-range': other })).status, 200, other)
    assert.equal((await get({ range: 'bytes=5000-', 'if-range': '"other"' })).status, 200)
  })

  test('preconditions are evaluated in their order, for GET and HEAD, and before a range', async t => {
    const { get } = await serveBlob(t)
    const modified = String((await get()).headers['last-modified'])
    const earlier = new Date(Date.parse(modified) - 1000).toUTCString()
    for (const method of ['GET', 'HEAD']) {
      for (const [expected, headers] of [
        [200, { 'if-match': etag, 'if-unmodified-since': earlier }],
        [412, { 'if-match': `W/${etag}` }],
        [412, { 'if-match': '"other"', 'if-none-match': etag }],
        [412, { 'if-unmodified-since': earlier, 'if-none-match': etag, range: 'bytes=5000-' }],
        [304, { 'if-unmodified-since': modified, 'if-modified-since': modified, range: 'bytes=0-1' }],
        [200, { 'if-modified-since': earlier }],
        [200, { 'if-modified-since': modified, 'if-none-match': '"other"' }],
      ] as [number, Record<string, string>][]) {
        const { status, headers: answered, body } = await get(headers, method)
        assert.equal(status, expected, `${method} ${JSON.stringify(headers)}`)
        assert.equal(answered.etag, etag)
        assert.equal(answered['last-modified'], modified)
        if (status === 304 || method === 'HEAD') assert.equal(body.length, 0)
      }
    }
    assert.equal(problemOf(await get({ 'if-match': '"other"' })), 'precondition-failed')
  })

  test('If-None-Match answers 304 without bytes for this ETag (also in a list, or weak) and for *', async t => {
    const { get } = await serveBlob(t)
    for (const given of [etag, `W/${etag}`, '*', `"x", ${etag}`]) {
      for (const method of ['GET', 'HEAD']) {
        const { status, headers, body } = await get({ 'if-none-match': given, range: 'bytes=5000-' }, method)
        assert.equal(status, 304, given)
        assert.equal(headers.etag, etag)
        assert.equal(body.length, 0)
      }
    }
    assert.equal((await get({ 'if-none-match': '"x"' })).status, 200)
  })

  test('connections are kept after every kind of response', async t => {
    const { url } = await serveBlob(t)
    const socket = connectTo(t, url).setEncoding('latin1')
    let received = ''
    socket.on('data', text => {
      received += text
    })
    const heads = ['GET', 'HEAD'].flatMap(method => [
      `${method} ${path} HTTP/1.1\r\nhost: x\r\n`,
      `${method} ${path} HTTP/1.1\r\nhost: x\r\nif-none-match: *\r\n`,
      `${method} ${path} HTTP/1.1\r\nhost: x\r\nrange: bytes=1000-\r\n`,
      `${method} /images/none/pre HTTP/1.1\r\nhost: x\r\n`,
    ])
    for (const head of heads) socket.write(`${head}\r\n`)
    await until('all are answered', () => received.match(/HTTP\/1.1 \d+/g)?.length === heads.length)
    assert.deepEqual(received.match(/(?<=HTTP\/1.1 )\d+/g), [
      '200',
      '304',
      '416',
      '404',
      '200',
      '304',
      '200',
      '404',
    ])
  })

  test('a damaged file is an opaque 500, with the cause in the log', async t => {
    const { get, folder, log } = await serveBlob(t, patterned(smallBytes))
    const [damaged = ''] = storedBlobs(folder)
    writeFileSync(damaged, readFileSync(damaged).subarray(0, 500))
    const response = await get()
    assert.equal(response.status, 500)
    assert.equal(problemOf(response), 'internal-error')
    assert.doesNotMatch(String(response.body), /footer/)
    assert.match(JSON.stringify(log.errors), /no valid footer/)
  })

  test('a client that hangs up during a download leaves no open file', {
    skip: process.platform !== 'linux' && 'needs /proc',
  }, async t => {
    const { url, folder, log } = await serveBlob(t, patterned(8 * MiB))
    const openFiles = () => readdirSync('/proc/self/fd').filter(fd => isOpenIn(folder, fd)).length
    const before = openFiles() // folders stay open, to be synced
    for (const method of ['GET', 'HEAD']) {
      const socket = connectTo(t, url)
      socket.write(`${method} ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
      await once(socket, 'data')
      socket.pause()
      if (method === 'GET') assert.equal(openFiles(), before + 1)
      socket.destroy()
      await until('the file is closed', () => openFiles() === before)
    }
    assert.deepEqual(log.errors, [])
  })
})

test('DELETE answers 204, whether there was a blob or not', async t => {
  const { url, get } = await serveBlob(t)
  for (let time = 0; time < 2; time++) {
    assert.equal((await httpRequest(url, path, { method: 'DELETE' })).status, 204)
    assert.equal((await get()).status, 404)
  }
})

test('other methods return 405 with the allowed methods', async t => {
  const { url } = await serve(t)
  const refused = await httpRequest(url, path, { method: 'PATCH', body: 'x' })
  assert.equal(refused.status, 405)
  assert.equal(problemOf(refused), 'method-not-allowed')
  assert.deepEqual(String(refused.headers.allow).split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'POST', 'PUT'])
})

test('every route requires the cluster token', async t => {
  const clusterToken = 'a-token-of-16-characters'
  const { url } = await serve(t, { clusterToken })
  const headers = { authorization: `Bearer ${clusterToken}` }
  for (const method of ['PUT', 'POST', 'GET', 'HEAD', 'DELETE'])
    assert.equal((await httpRequest(url, path, { method })).status, 401, method)
  assert.equal((await httpRequest(url, '/images?stage=pre')).status, 401)
  assert.equal((await httpRequest(url, path, { method: 'PUT', body: 'x', headers })).status, 201)
})

function isOpenIn(folder: string, fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)
  } catch {
    return false // closed since it was listed
  }
}
