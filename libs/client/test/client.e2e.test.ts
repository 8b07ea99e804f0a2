import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, openAsBlob, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { OutgoingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  assertSwapped,
  generateImage,
  serveHttp,
  startDarkroom,
  temporaryFolder,
  tiffOf,
  until,
} from '@darkroom/testing'
import { Webhook } from 'standardwebhooks'
import type * as Client from '../src/index.ts'

const owner = { after: (end: () => unknown) => after(async () => void (await end())) }

/** The package as npm would publish it, in an empty folder: Node strips no types there. */
async function installed(): Promise<typeof Client> {
  const source = fileURLToPath(new URL('..', import.meta.url))
  const folder = temporaryFolder(owner)
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: source })
  const [archive = ''] = readdirSync(folder)
  const home = join(folder, 'node_modules/@darkroom/client')
  mkdirSync(home, { recursive: true })
  execFileSync('tar', ['xzf', join(folder, archive), '-C', home, '--strip-components=1'])
  assert.deepEqual(readdirSync(home).sort(), ['README.md', 'dist', 'package.json'])
  // Parcel, and TypeScript with its older module resolution, don't read `exports`.
  const { main, types } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  for (const file of [main, types]) assert.ok(existsSync(join(home, String(file))), file)
  const entry = join(folder, 'entry.mjs')
  writeFileSync(entry, "export * from '@darkroom/client'")
  return import(entry)
}

const { Darkroom, DarkroomError, ImageFailed, InvalidWebhook, verifyWebhook } = await installed()
const { url } = await startDarkroom(owner)
const darkroom = new Darkroom(url)
const png = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })

test('develops a file, and reports progress', async () => {
  const phases: string[] = []
  const { result, status, variants } = await darkroom.develop(new Blob([new Uint8Array(png)]), {
    onProgress: progress => phases.push(progress.phase),
  })
  assert.equal(status.state, 'finished')
  assert.ok(result)
  await assertSwapped(png, Buffer.from(await result.bytes()), { isExact: true })
  assert.deepEqual(variants, {})
  assert.deepEqual([...new Set(phases)], ['uploading', 'developing'])
  assert.equal((await darkroom.status(status.id)).id, status.id)
  await darkroom.delete(status.id)
  await assert.rejects(darkroom.status(status.id), {
    name: 'DarkroomError',
    status: 404,
    code: 'image-not-found',
  })
})

test('operations are text or a list', async () => {
  for (const operations of ['resize:30x20', [{ name: 'resize', width: 30, height: 20 }]]) {
    const { result } = await darkroom.develop(new Uint8Array(png), { operations })
    assert.equal(result?.facts.width, 30)
  }
})

test('a file that changes while it is uploaded is an error, and is not retried', async t => {
  const path = join(temporaryFolder(t), 'photo.png')
  writeFileSync(path, png)
  const blob = await openAsBlob(path)
  writeFileSync(path, 'something else')
  await assert.rejects(darkroom.develop(blob), /the file was changed or deleted/)
})

test('uploads above 8 MiB continue after an interruption, from a file and from a stream of unknown length', async t => {
  const large = tiffOf(20 * 1024 * 1024)
  let cuts = 0
  const cutting: typeof fetch = async (input, init) => {
    // Every second piece is lost before it arrives.
    if (init?.method === 'PATCH' && cuts++ % 2 === 0) throw new TypeError('cut')
    return fetch(input, init)
  }
  const interrupted = new Darkroom({ url, fetch: cutting })
  async function* stream() {
    for (let begin = 0; begin < large.length; begin += 1_000_003)
      yield large.subarray(begin, begin + 1_000_003)
  }
  for (const source of [new Blob([new Uint8Array(large)]), stream()]) {
    const sent: number[] = []
    const { status } = await interrupted.develop(source, {
      operations: 'resize:16x12',
      onProgress: progress => progress.phase === 'uploading' && sent.push(progress.sentBytes),
    })
    assert.deepEqual([status.original.bytes, status.result?.width], [large.length, 16])
    assert.deepEqual(
      sent,
      sent.toSorted((one, other) => one - other),
    )
    assert.equal(sent.at(-1), large.length)
  }
  assert.ok(cuts >= 10, `${cuts}`)
  t.diagnostic(`${cuts} cuts`)
})

test('polls if there are no events', async () => {
  const withoutEvents: typeof fetch = async (input, init) =>
    String(input).endsWith('/events') ? new Response('no', { status: 500 }) : fetch(input, init)
  const { status } = await new Darkroom({ url, fetch: withoutEvents }).develop(new Uint8Array(png))
  assert.equal(status.state, 'finished')
})

test('a refusal is an error with a code; the error of a failed image has its status document', async () => {
  await assert.rejects(darkroom.develop(new Uint8Array(png), { operations: 'no-such-thing' }), {
    name: 'DarkroomError',
    status: 400,
    code: 'invalid-operations',
    message: /no-such-thing/,
  })
  await assert.rejects(darkroom.develop(new Blob(['a letter'])), { status: 415 })
  const broken = await generateImage({ kind: 'png', width: 300, height: 200, seed: 2 })
  await assert.rejects(darkroom.develop(new Uint8Array(broken.subarray(0, 20_000))), (error: Error) => {
    assert.ok(error instanceof ImageFailed && error instanceof DarkroomError)
    return error.image.state === 'failed'
  })
})

test('answers of proxies and other servers become clear errors', async t => {
  const page = '<html><head><title>413 Request Entity Too Large</title></head></html>'
  const { url } = await serve(t, 413, { 'content-type': 'text/html' }, page)
  await assert.rejects(new Darkroom(url).develop(new Uint8Array(png)), {
    status: 413,
    code: undefined,
    message: /proxy in front of Darkroom.*client_max_body_size/,
  })
  const unreachable = new Darkroom({ url: 'http://127.0.0.1:9', retryTimeoutMs: 0 })
  await assert.rejects(unreachable.status('x'), {
    status: 0,
    message: /nothing answers at http:\/\/127\.0\.0\.1:9/,
  })
})

/** A server that answers each request in the same way. Returns its URL, and the methods of the requests so far. */
async function serve(t: TestContext, status: number, headers: OutgoingHttpHeaders = {}, body = '') {
  const methods: string[] = []
  const { url } = await serveHttp(t, (request, answer) => {
    methods.push(String(request.method))
    request.resume()
    answer.writeHead(status, headers).end(body)
  })
  return { url, methods }
}

test('a success that is not from Darkroom is an error', async t => {
  for (const body of ['<html></html>', '{}', '']) {
    const other = await serve(t, 200, {}, body)
    await assert.rejects(new Darkroom(other.url).upload(new Uint8Array(png)), {
      name: 'DarkroomError',
      message: /not (an answer of Darkroom|answer as Darkroom)/,
    })
  }
})

test('a redirect is an error that names the right URL, and an upload does not become a GET', async t => {
  for (const status of [301, 302, 307, 308]) {
    const other = await serve(t, status, { location: `${url}/images` })
    const redirected = new Darkroom(other.url)
    const expected = { status: 301, message: new RegExp(`redirects to ${url}; use`) }
    await assert.rejects(redirected.upload(new Uint8Array(png)), expected)
    assert.deepEqual(other.methods, ['POST'])
  }
  const guarded = await serve(t, 401)
  const other = await serve(t, 301, { location: guarded.url })
  await assert.rejects(new Darkroom(other.url).list(), {
    message: new RegExp(`redirects to ${guarded.url}; use`),
  })
})

test('a request is not retried if Darkroom asks for a longer wait than retryTimeoutMs', async t => {
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

test('mistakes in the URL, the key, the idempotency key or a stream are errors at once', async () => {
  for (const wrong of ['localhost:8080', '127.0.0.1:8080', ''])
    assert.throws(() => new Darkroom(wrong), { name: 'TypeError', message: /begin with http.*, got "/ })
  for (const key of ['dk_…', 'dk_a\nb'])
    assert.throws(() => new Darkroom({ url, key }), { name: 'TypeError', message: /the API key contains/ })
  await assert.rejects(darkroom.upload(new Uint8Array(png), { idempotencyKey: '✓' }), { name: 'TypeError' })
  const texts = Readable.from(['a text']) as AsyncIterable<Uint8Array>
  await assert.rejects(darkroom.upload(texts), { name: 'TypeError', message: /must yield bytes/ })
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
      message: `the image must be a Blob, bytes, a stream of bytes, or a URL, got ${words}`,
    })
})

test('takes every view of bytes', async () => {
  const bytes = new Uint8Array(png).buffer
  for (const view of [new Uint8ClampedArray(bytes), new DataView(bytes)]) {
    const { original } = await darkroom.status(await darkroom.upload(view))
    assert.equal(original.bytes, png.length)
  }
})

test('an aborted signal ends a wait with its reason', async t => {
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(darkroom.develop(new Uint8Array(png), { signal }), { message: 'enough' })
  const busy = await serve(t, 503, { 'retry-after': '50' })
  const abort = new AbortController()
  const onProgress = ({ phase }: Client.Progress) => phase === 'waiting' && abort.abort(new Error('enough'))
  const waiting = new Darkroom(busy.url).develop(new Uint8Array(png), { signal: abort.signal, onProgress })
  await assert.rejects(waiting, { message: 'enough' })
})

test('a download that breaks off is repeated, at most twice', async t => {
  let [broken, downloads] = [0, 0]
  const result = { contentType: 'image/png', bytes: png.length }
  const { url } = await serveHttp(t, ({ url: path }, answer) => {
    if (!path?.endsWith('/result')) {
      answer.end(JSON.stringify({ id: 'x', state: 'finished', result }))
      return
    }
    downloads += 1
    answer.writeHead(200, { 'content-length': png.length })
    if (downloads > broken) answer.end(png)
    else answer.write(png.subarray(0, 100), () => answer.destroy())
  })
  const client = new Darkroom(url)
  const { result: file } = await client.waitFor('x')
  assert.ok(file)
  broken = 2
  assert.ok(png.equals(await file.bytes()))
  broken = downloads + 2
  assert.equal((await file.blob()).size, png.length)
  broken = Number.POSITIVE_INFINITY
  downloads = 0
  await assert.rejects(file.bytes(), { name: 'DarkroomError', status: 0, message: /broke off/ })
  assert.equal(downloads, 3)
})

test('an upload in pieces that is given up is deleted', async () => {
  const begun: string[] = []
  const noting: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init)
    const location = answer.headers.get('location')
    if (location) begun.push(new URL(location, url).href)
    return answer
  }
  const client = new Darkroom({ url, fetch: noting })
  const large = tiffOf(20 * 1024 * 1024)
  async function* broken() {
    yield large.subarray(0, 9 * 1024 * 1024)
    throw new Error('the file is gone')
  }
  await assert.rejects(client.upload(broken()), { message: 'the file is gone' })
  const abort = new AbortController()
  const onProgress = (progress: Client.Progress) =>
    progress.phase === 'uploading' && progress.sentBytes > 0 && abort.abort(new Error('enough'))
  const aborted = client.upload(new Uint8Array(large), { signal: abort.signal, onProgress })
  await assert.rejects(aborted, { message: 'enough' })
  assert.equal(begun.length, 2)
  const headers = { 'tus-resumable': '1.0.0' }
  for (const upload of begun)
    await until(
      'it is deleted',
      async () => (await fetch(upload, { method: 'HEAD', headers })).status === 404,
    )
})

test('polls when the events fall silent, and waits between polls that are answered at once', async t => {
  const states = ['in-progress', 'in-progress', 'finished']
  const asked: string[] = []
  const proxied: typeof fetch = async input => {
    const { pathname } = new URL(String(input))
    asked.push(pathname)
    if (pathname.endsWith('/events')) return new Response(new ReadableStream())
    return Response.json({ id: 'x', state: states.shift() })
  }
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const waiting = new Darkroom({ url, fetch: proxied }).waitFor('x')
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

test('notices that the library of Standard Webhooks signed are accepted', async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const body = JSON.stringify({ type: 'image.finished', timestamp: '', data: { id: 'x' } })
  const signed = (date: Date, key = secret) => ({
    'webhook-id': 'x_3',
    'webhook-timestamp': String(Math.floor(date.getTime() / 1000)),
    'webhook-signature': new Webhook(key).sign('x_3', date, body),
  })
  const now = new Date()
  assert.equal((await verifyWebhook(body, signed(now), secret)).data.id, 'x')
  const other = signed(now, `whsec_${Buffer.alloc(32, 8).toString('base64')}`)['webhook-signature']
  const both = { ...signed(now), 'webhook-signature': `${other} ${signed(now)['webhook-signature']}` }
  assert.equal((await verifyWebhook(body, new Headers(both), secret)).type, 'image.finished')
  for (const [given, headers] of [
    [`${body} `, signed(now)],
    [body, { ...signed(now), 'webhook-signature': other }],
    [body, { ...signed(now), 'webhook-id': 'y_3' }],
    [body, signed(new Date(now.getTime() - 301_000))],
    [body, {}],
  ] as const)
    await assert.rejects(verifyWebhook(given, headers, secret), InvalidWebhook)
  const written = Object.fromEntries(
    Object.entries(signed(now)).map(([name, value]) => [name.replace('webhook', 'Webhook'), value]),
  )
  assert.equal((await verifyWebhook(body, written, secret)).data.id, 'x')
  for (const missing of ['', 'whsec_', process.env.NO_SUCH_SECRET as unknown as string])
    await assert.rejects(verifyWebhook(body, signed(now), missing), {
      name: 'TypeError',
      message: /secret must be whsec_/,
    })
})
