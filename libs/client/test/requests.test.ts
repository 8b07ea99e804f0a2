import assert from 'node:assert/strict'
import { createReadStream, openAsBlob } from 'node:fs'
import type { OutgoingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort, generateImage, serveHttp, tiffOf } from '@darkroom/testing'
import { Darkroom, type Progress } from '../src/index.ts'

const nowhere = `http://127.0.0.1:${await freePort()}`
const darkroom = new Darkroom(nowhere)
const png = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })

test('responses of proxies and other servers become clear errors', async t => {
  const page = '<html><head><title>413 Request Entity Too Large</title></head></html>'
  const { url } = await serve(t, 413, { 'content-type': 'text/html' }, page)
  await assert.rejects(new Darkroom(url).develop(new Uint8Array(png)), {
    status: 413,
    code: undefined,
    message: /proxy in front of Darkroom.*client_max_body_size/,
  })
  const unreachable = new Darkroom({ url: nowhere, retryTimeoutMs: 0 })
  await assert.rejects(unreachable.status('x'), {
    status: 0,
    message: `nothing answers at ${nowhere}`,
  })
})

/** A server that answers each request in the same way. Returns its URL, and the methods of the requests so far. */
async function serve(t: TestContext, status: number, headers: OutgoingHttpHeaders = {}, body = '') {
  const methods: string[] = []
  const { url } = await serveHttp(t, (request, response) => {
    methods.push(String(request.method))
    request.resume()
    response.writeHead(status, headers).end(body)
  })
  return { url, methods }
}

test('a success that is not from Darkroom is an error', async t => {
  for (const body of ['<html></html>', '{}', '']) {
    const other = await serve(t, 200, {}, body)
    await assert.rejects(new Darkroom(other.url).upload(new Uint8Array(png)), {
      name: 'DarkroomError',
      message: /not (a response from Darkroom|answer as Darkroom)/,
    })
  }
})

test('signed links are absolute, also if Darkroom is below a path and has no PUBLIC_URL', async t => {
  const links = {
    original: '/signed/a/images/b/original',
    result: 'https://cdn.example/signed/c/images/b/result',
  }
  const { url } = await serve(t, 200, {}, JSON.stringify({ id: 'b', expiresAt: '', links }))
  const signed = await new Darkroom(`${url}/darkroom/`).createLinks('b')
  assert.deepEqual(signed.links, { ...links, original: `${url}/darkroom${links.original}` })
})

test('a redirect is an error that names the right URL, and an upload does not become a GET', async t => {
  const right = await serve(t, 202)
  for (const status of [301, 302, 307, 308]) {
    const other = await serve(t, status, { location: `${right.url}/images` })
    const redirected = new Darkroom(other.url)
    const expected = { status: 301, message: new RegExp(`redirects to ${right.url}; use`) }
    await assert.rejects(redirected.upload(new Uint8Array(png)), expected)
    assert.deepEqual(other.methods, ['POST'])
  }
  const nonsense = await serve(t, 302, { location: 'http://[' })
  await assert.rejects(new Darkroom(nonsense.url).upload(new Uint8Array(png)), {
    message: `${nonsense.url} redirects; use the URL to which it redirects`,
  })
  const guarded = await serve(t, 401)
  const other = await serve(t, 301, { location: guarded.url })
  await assert.rejects(new Darkroom(other.url).list(), {
    message: new RegExp(`redirects to ${guarded.url}; use`),
  })
})

test('a request is not retried if Retry-After is longer than retryTimeoutMs', async t => {
  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString()
  for (const retryAfter of ['3600', inAnHour]) {
    const busy = await serve(t, 503, { 'retry-after': retryAfter })
    for (const source of [png, tiffOf(9 * 1024 * 1024)]) {
      const before = busy.methods.length
      await assert.rejects(new Darkroom(busy.url).upload(new Uint8Array(source)), { status: 503 })
      assert.equal(busy.methods.length, before + 1)
    }
  }
})

test('a value that is not an image is an error at once that names it', async () => {
  for (const [value, words] of [
    [undefined, 'undefined'],
    [null, 'null'],
    [5, '5'],
    [{ path: 'photo.jpg' }, 'another object'],
    [openAsBlob(fileURLToPath(import.meta.url)), 'a promise: await it first'],
  ] as const)
    await assert.rejects(darkroom.upload(value as never), {
      name: 'TypeError',
      message: `the image must be a Blob, bytes, a stream of bytes, a URL, or { from: <id> }, got ${words}`,
    })
})

test('text that is not a URL is an error at once that names the remedy for a file', async () => {
  for (const text of ['photo.jpg', '', 'file:///photo.jpg', '/9j/4AAQ'.repeat(100)])
    await assert.rejects(darkroom.upload(text), {
      name: 'TypeError',
      message: /must be its http or https URL, got ".{0,101}"; .*await openAsBlob\(path\)$/,
    })
})

test('a time for retries that never ends is an error at once', () => {
  for (const wrong of [Number.NaN, -1, '5' as never])
    assert.throws(() => new Darkroom({ url: nowhere, retryTimeoutMs: wrong }), {
      name: 'TypeError',
      message: `retryTimeoutMs must be a number of milliseconds from 0 on, got ${wrong}`,
    })
})

test('a file that cannot be opened ends its upload, not the program, and no request is sent', async t => {
  const { url, methods } = await serve(t, 503)
  const stream = createReadStream(`${fileURLToPath(import.meta.url)}.missing`)
  await assert.rejects(new Darkroom(url).upload(stream), { code: 'ENOENT' })
  assert.deepEqual(methods, [])
})

test('the stream of an upload that fails is closed', async t => {
  const { url } = await serve(t, 400)
  for (const bytes of [10, 20 * 1024 * 1024]) {
    const stream = Readable.from([Buffer.alloc(bytes), Buffer.alloc(bytes)])
    await assert.rejects(new Darkroom(url).upload(stream), { status: 400 })
    assert.ok(stream.destroyed)
  }
})

test('a small stream is sent in one request', async t => {
  const { url, methods } = await serve(t, 202, {}, '{"id":"x"}')
  assert.equal(await new Darkroom(url).upload(Readable.from([png])), 'x')
  assert.deepEqual(methods, ['POST'])
})

test('an id or a name that would lead to another path is an error, and no request is sent', async t => {
  const { url, methods } = await serve(t, 200, {}, '{"state":"finished"}')
  const client = new Darkroom(url)
  for (const id of ['', '.', '..', '\ud800', undefined as never])
    for (const request of [
      client.status(id),
      client.retry(id),
      client.delete(id),
      client.waitFor(id),
      client.putPreset(id, {}),
      client.deletePreset(id),
    ])
      await assert.rejects(request, { name: 'TypeError', message: /can be part of a path, got/ })
  assert.deepEqual(methods, [])
})

test('an odd id stays one part of the path', async t => {
  const paths: unknown[] = []
  const { url } = await serveHttp(t, (request, response) => {
    paths.push(request.url)
    response.end('{}')
  })
  for (const id of ['...', '.a', '%2e', 'a/../b', '?x', '#x', '\\..']) await new Darkroom(url).status(id)
  const expected = ['...', '.a', '%252e', 'a%2F..%2Fb', '%3Fx', '%23x', '%5C..']
  assert.deepEqual(
    paths,
    expected.map(id => `/images/${id}`),
  )
})

test('an aborted signal ends a wait with its reason', async t => {
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(darkroom.develop(new Uint8Array(png), { signal }), { message: 'enough' })
  const busy = await serve(t, 503, { 'retry-after': '50' })
  const abort = new AbortController()
  const onProgress = ({ phase }: Progress) => phase === 'waiting' && abort.abort(new Error('enough'))
  const waiting = new Darkroom(busy.url).develop(new Uint8Array(png), { signal: abort.signal, onProgress })
  await assert.rejects(waiting, { message: 'enough' })
})

test('an upload is aborted at once, even if its stream yields nothing', async t => {
  const { url } = await serve(t, 201, { location: '/uploads/x' })
  const client = new Darkroom(url)
  let cancelled: unknown
  const silent = new ReadableStream({
    cancel: reason => {
      cancelled = [reason]
    },
  })
  async function* stalled() {
    yield new Uint8Array(png)
    await new Promise(() => undefined)
  }
  for (const source of [silent, stalled()]) {
    const abort = new AbortController()
    const onProgress = () => abort.abort(new Error('enough'))
    await assert.rejects(client.upload(source, { signal: abort.signal, onProgress }), { message: 'enough' })
  }
  assert.ok(cancelled)
})

test('a long list of operations reaches Darkroom', async t => {
  const sent: Headers[] = []
  const fetch = async (_input: unknown, init?: RequestInit) => {
    sent.push(new Headers(init?.headers))
    return new Response('{}', { status: 431 })
  }
  const operations = 'flip,'.repeat(50_000)
  const image = new Uint8Array(tiffOf(9 * 1024 * 1024))
  const upload = new Darkroom({ url: nowhere, fetch }).upload(image, { operations })
  await assert.rejects(upload, { name: 'DarkroomError', status: 431 })
  const [, text = ''] = sent[0]?.get('upload-metadata')?.split(' ') ?? []
  assert.equal(atob(text), operations)
  t.diagnostic(`${text.length} characters`)
})

test('develop polls when the events fall silent, and waits between polls that are answered at once', async t => {
  const states = ['in-progress', 'in-progress', 'finished']
  const asked: string[] = []
  const proxied: typeof fetch = async input => {
    const { pathname } = new URL(String(input))
    asked.push(pathname)
    if (pathname.endsWith('/events')) return new Response(new ReadableStream())
    return Response.json({ id: 'x', state: states.shift() })
  }
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const waiting = new Darkroom({ url: nowhere, fetch: proxied }).waitFor('x')
  for (const [ms, polls] of [
    [0, 0],
    [60_000, 0],
    [10_000, 1],
    [900, 1],
    [100, 2],
    [1000, 3],
  ] as const) {
    t.mock.timers.tick(ms)
    for (let n = 0; n < 50; n++) await turn()
    assert.deepEqual(asked, ['/images/x/events', ...Array(polls).fill('/images/x')])
  }
  assert.equal((await waiting).status.state, 'finished')
})
