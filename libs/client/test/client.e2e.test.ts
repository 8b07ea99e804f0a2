import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openAsBlob, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertSwapped, generateImage, startDarkroom, temporaryFolder, tiffOf } from '@darkroom/testing'
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
  const server = createServer((_request, answer) =>
    answer.writeHead(413, { 'content-type': 'text/html' }).end(page),
  ).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await assert.rejects(new Darkroom(`http://127.0.0.1:${port}`).develop(new Uint8Array(png)), {
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

test('an aborted signal ends a wait with its reason', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(darkroom.develop(new Uint8Array(png), { signal }), { message: 'enough' })
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
})
