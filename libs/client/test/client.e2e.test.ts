import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, openAsBlob, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  assertSwapped,
  generateImage,
  startDarkroom,
  temporaryFolder,
  tiffOf,
  until,
} from '@darkroom/testing'
import type * as Client from '../src/index.ts'

const owner = { after }

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

const { Darkroom, DarkroomError, ImageFailed } = await installed()
const { url } = await startDarkroom(owner)
const darkroom = new Darkroom(url)
const png = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })

test('develop uploads a file, and reports progress', async () => {
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

test('a stored image is developed again, and its links work without a key', async () => {
  const id = await darkroom.upload(new Uint8Array(png))
  const again = await darkroom.develop(
    { from: id },
    { variants: { small: 'resize:30x' }, operations: 'flip' },
  )
  assert.equal(again.status.from, id)
  const { links, expiresAt } = await darkroom.createLinks(again.id, { expiresIn: 60 })
  assert.ok(Date.parse(expiresAt) <= Date.now() + 60_000)
  for (const link of [links.original, links.result, links.variants?.small]) {
    const response = await fetch(String(link))
    assert.equal(response.status, 200)
    await response.body?.cancel()
  }
  await assert.rejects(darkroom.develop({ from: 'unknown' }), { status: 404, code: 'image-not-found' })
})

test('a client with a grant uploads what the grant allows, with its operations', async () => {
  const grant = await darkroom.createGrant({ images: 1, operations: [{ name: 'resize', width: 30 }] })
  assert.equal(grant.images, 1)
  const visitor = new Darkroom({ url, key: grant.token })
  const { result } = await visitor.develop(new Uint8Array(png))
  assert.equal(result?.facts.width, 30)
  await assert.rejects(visitor.upload(new Uint8Array(png)), { status: 403, code: 'grant-used-up' })
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

test('develop polls while the server sends no events', async () => {
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

test('mistakes in the URL, the key, the idempotency key or a stream are errors at once', async () => {
  for (const wrong of ['localhost:8080', '127.0.0.1:8080', ''])
    assert.throws(() => new Darkroom(wrong), { name: 'TypeError', message: /begin with http.*, got "/ })
  for (const wrong of ['http://', 'http://[::1', 'http://host:70000'])
    assert.throws(() => new Darkroom(wrong), { name: 'TypeError', message: /is not a valid URL: "http/ })
  assert.ok(new Darkroom(url.replace('//', '//me:100%@')))
  for (const key of ['dk_…', 'dk_a\nb'])
    assert.throws(() => new Darkroom({ url, key }), { name: 'TypeError', message: /the API key contains/ })
  await assert.rejects(darkroom.upload(new Uint8Array(png), { idempotencyKey: '✓' }), {
    name: 'TypeError',
    message: 'idempotencyKey must be printable ASCII, got "✓"',
  })
  const texts = Readable.from(['a text']) as AsyncIterable<Uint8Array>
  await assert.rejects(darkroom.upload(texts), { name: 'TypeError', message: /must yield bytes/ })
})

test('an image can be any view of bytes', async () => {
  const bytes = new Uint8Array(png).buffer
  for (const view of [new Uint8ClampedArray(bytes), new DataView(bytes)]) {
    const { original } = await darkroom.status(await darkroom.upload(view))
    assert.equal(original.bytes, png.length)
  }
})

test('an upload in pieces that is given up is deleted', async () => {
  const begun: string[] = []
  const noting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const location = response.headers.get('location')
    if (location) begun.push(new URL(location, url).href)
    return response
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
