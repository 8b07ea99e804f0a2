import assert from 'node:assert/strict'
import { type IncomingHttpHeaders, request, type ServerResponse } from 'node:http'
import { after, beforeEach, suite, test } from 'node:test'
import { blobNames } from '@darkroom/image-master/testing'
import { assertProblem, generateImage, serveHttp, until } from '@darkroom/testing'
import { readNetworks } from '../../src/outbound/networks.ts'
import { startGuarded } from '../access/start-guarded.ts'
import { finishNext, startFrontend, taskCount } from '../start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const networks = readNetworks('127.0.0.0/8')
const settings = { MAX_UPLOAD_BYTES: '500000' }
const frontend = await startFrontend({ after }, settings, { networks })

/** The responses of the other server by path. */
const pages: Record<string, (response: ServerResponse) => void> = {
  '/photo.png': response => response.end(png),
  '/gone': response => response.writeHead(404).end('the body of the other server'),
  '/text': response => response.end('not an image'),
  '/half': response =>
    response
      .writeHead(200, { 'content-length': png.length })
      .write(png.subarray(0, 50), () => response.destroy()),
  '/declared': response => response.writeHead(200, { 'content-length': 600_000 }).write(png),
  '/endless': response => {
    response.write(png)
    const more = setInterval(() => response.write(Buffer.alloc(50_000)), 1)
    response.once('close', () => clearInterval(more))
  },
  '/slow': response => void response.write(png.subarray(0, 50)),
  '/elsewhere': response => response.writeHead(302, { location: 'http://[::1]:9000/photo.png' }).end(),
}
const asked: string[] = []
const closed: string[] = []
let lastHeaders: IncomingHttpHeaders = {}
const far = await serveHttp(
  { after },
  ({ url = '', headers }, response) => {
    asked.push(url)
    lastHeaders = headers
    response.once('close', () => closed.push(url))
    pages[url]?.(response)
  },
  '0.0.0.0',
)
const farUrl = far.url

beforeEach(() => {
  asked.length = 0
  closed.length = 0
})

function importing(document: unknown, headers: Record<string, string> = {}, path = '/images') {
  const body = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document))
  return frontend.ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}

suite('an import', () => {
  test('an import uploads the image at the URL', async () => {
    const answer = await importing({ url: `${farUrl}/photo.png`, operations: 'swap-channels:gbr' })
    assert.equal(answer.status, 202, String(answer.body))
    const { id, operations } = answer.json()
    assert.equal(answer.headers.location, `/images/${id}`)
    assert.deepEqual(operations, [{ name: 'swap-channels', order: 'gbr' }])
    assert.ok((await frontend.ask(`/images/${id}/original`)).body.equals(png))
    await finishNext(frontend, png)
  })

  test('an import accepts operations as JSON, an idempotency key and a wait', async () => {
    const given = { url: `${farUrl}/photo.png`, operations: [{ name: 'swap-channels', order: 'brg' }] }
    const headers = { 'idempotency-key': 'one', prefer: 'wait=20' }
    const [first] = await Promise.all([importing(given, headers), finishNext(frontend, png)])
    assert.deepEqual([first.status, first.json().state], [200, 'finished'])
    const second = await importing(given, headers, '/images?operations=swap-channels:rgb')
    assert.equal(second.json().id, first.json().id, 'the document wins over the query')
  })

  test('an import accepts a document that begins with a byte order mark', async () => {
    const body = Buffer.from(`\ufeff${JSON.stringify({ url: `${farUrl}/photo.png` })}`)
    const headers = { 'content-type': 'application/json' }
    const answer = await frontend.ask('/images', { method: 'POST', headers, body })
    assert.equal(answer.status, 202, String(answer.body))
    await finishNext(frontend, png)
  })

  test('an import fails with 422 that names the host, but neither the URL nor the body of the other server', async () => {
    for (const [path, message] of Object.entries({
      '/gone': /answered 404/,
      '/half': /connection was lost/,
      '/elsewhere': /redirects/,
    })) {
      const answer = await importing({ url: `${farUrl}${path}` })
      assertProblem(answer, 422, 'import-failed')
      assert.match(String(answer.json().detail), message)
      assert.match(String(answer.json().detail), /from 127\.0\.0\.1: /)
      assert.doesNotMatch(String(answer.body), /body of the other server|\/gone|\/half|::1/)
    }
    assertProblem(await importing({ url: 'http://10.0.0.1/x' }), 422, 'import-failed')
    assertProblem(await importing({ url: 'photo.png' }), 422, 'import-failed')
    assertProblem(await importing({ url: `${frontend.url}/images` }), 422, 'import-failed')
  })

  test('an import is refused like an upload: 415, or 413 as soon as it is too large', async () => {
    const refused = await importing({ url: `${farUrl}/text` })
    assertProblem(refused, 415, 'not-an-image')
    assert.match(String(refused.json().detail), /^unsupported file type: [^;]*$/)
    assertProblem(await importing({ url: `${farUrl}/declared` }), 413, 'too-large')
    assertProblem(await importing({ url: `${farUrl}/endless` }), 413, 'too-large')
    await until(
      'the connection to the other server is closed',
      () => closed.includes('/endless') && closed.includes('/declared'),
    )
  })

  test('an import ends when its client hangs up, and leaves nothing', async () => {
    const [files, tasks] = [blobNames(frontend).length, await taskCount(frontend)]
    const client = request(`${frontend.url}/images`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    }).on('error', () => undefined)
    client.end(JSON.stringify({ url: `${farUrl}/slow` }))
    await until('the other server has the request', () => asked.includes('/slow'))
    client.destroy()
    await until('the connection to the other server is closed', () => closed.includes('/slow'))
    await until('nothing is left', () => blobNames(frontend).length <= files)
    assert.equal(await taskCount(frontend), tasks)
  })

  test('an import is refused with 503 while 64 others are in progress', async () => {
    const others = await startSlowImports(n => `http://127.0.0.${2 + Math.floor(n / 16)}`, 64)
    await assertRefused(farUrl)
    await others.end()
  })

  test('an import is refused with 503 while 16 from the same address are in progress, by any name', async () => {
    const others = await startSlowImports(n => `http://${n % 2 === 0 ? 'localhost' : '127.0.0.1'}`, 16)
    await assertRefused(farUrl)
    pages['/back'] = response => response.writeHead(302, { location: `${farUrl}/photo.png` }).end()
    const redirected = await importing({ url: `http://127.0.0.2:${far.port}/back` })
    assertProblem(redirected, 503, 'too-many-imports')
    assert.ok(!asked.includes('/photo.png'))
    assert.equal((await importing({ url: `http://127.0.0.2:${far.port}/photo.png` })).status, 202)
    await others.end()
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        await until(
          'a place is free',
          async () => (await importing({ url: `${farUrl}/gone` })).status === 422,
        )
      }),
    )
  })

  /** Imports that don't end, from each of these origins. */
  async function startSlowImports(originOf: (n: number) => string, count: number) {
    const hangUp = new AbortController()
    const { signal } = hangUp
    const { port } = far
    const headers = { 'content-type': 'application/json' }
    const ended = Promise.allSettled(
      Array.from({ length: count }, (_, n) => {
        const body = Buffer.from(JSON.stringify({ url: `${originOf(n)}:${port}/slow` }))
        return frontend.ask('/images', { method: 'POST', headers, body, signal })
      }),
    )
    await until('the other server has the requests', () => asked.length === count)
    const end = async () => {
      hangUp.abort()
      await ended
      await until(
        'a place is free',
        async () => (await importing({ url: `${farUrl}/photo.png` })).status === 202,
      )
    }
    return { end }
  }

  async function assertRefused(origin: string): Promise<void> {
    const refused = await importing({ url: `${origin}/photo.png` })
    assertProblem(refused, 503, 'too-many-imports')
    assert.ok(Number(refused.headers['retry-after']) > 0)
    assert.ok(!asked.includes('/photo.png'))
  }

  test('an import is refused with 400 if its document is not valid', async () => {
    for (const [document, message] of [
      ['{"url": ', /not valid JSON: /],
      [{}, /url/],
      [{ url: 7 }, /^body url: must be text, got 7$/],
      [{ url: `${farUrl}/photo.png`, colour: 'red' }, /unknown colour/],
    ] as const) {
      const answer = await importing(document)
      assertProblem(answer, 400, 'invalid-request')
      assert.match(String(answer.json().detail), message)
    }
    assertProblem(
      await importing({ url: `${farUrl}/photo.png`, operations: 'nonsense' }),
      400,
      'invalid-operations',
    )
    assertProblem(await importing(`{"url":"${'x'.repeat(70_000)}"}`), 413, 'too-large')
  })
})

test('the slow imports of one owner leave places for the others', async t => {
  const guarded = await startGuarded(t, { networks })
  const [alice, bob] = [await guarded.makeKey({ owner: 'alice' }), await guarded.makeKey({ owner: 'bob' })]
  const { port } = far
  const hangUp = new AbortController()
  const send = (key: string, url: string, signal?: AbortSignal) =>
    guarded.askWith(key, '/images', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ url })),
      ...(signal && { signal }),
    })
  const slow = Array.from({ length: 48 }, (_, n) =>
    send(alice.key, `http://127.0.0.${2 + Math.floor(n / 16)}:${port}/slow`, hangUp.signal),
  )
  const ended = Promise.allSettled(slow)
  await until('the other server has the requests', () => asked.length === slow.length)
  const refused = await send(alice.key, `${farUrl}/photo.png`)
  assertProblem(refused, 503, 'too-many-imports')
  assert.match(String(refused.json().detail), /48 of your imports/)
  assert.equal((await send(bob.key, `${farUrl}/photo.png`)).status, 202)
  hangUp.abort()
  await ended
  await until('alice has a place', async () => (await send(alice.key, `${farUrl}/photo.png`)).status === 202)
})

test('the frontend imports only for application/json; with any other type, the body is the image', async () => {
  const document = { url: `${farUrl}/photo.png` }
  for (const type of [
    'text/plain',
    'text/plain;application/json',
    'application/x-www-form-urlencoded',
    'application/json5',
    '',
  ])
    assertProblem(await importing(document, { 'content-type': type }), 415, 'not-an-image')
  assert.deepEqual(asked, [])
  const image = await frontend.ask('/images', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: png,
  })
  assert.equal(image.status, 202, 'an image with a wrong type')
})

test('an imported image belongs to the owner of the key', async t => {
  const guarded = await startGuarded(t, { settings })
  const { key } = await guarded.makeKey({ owner: 'anna' })
  const body = Buffer.from(JSON.stringify({ url: `${farUrl}/photo.png` }))
  const headers = { 'content-type': 'application/json' }
  assertProblem(await guarded.ask('/images', { method: 'POST', headers, body }), 401, 'key-required')
  assertProblem(
    await guarded.askWith(key, '/images', { method: 'POST', headers, body }),
    422,
    'import-failed',
  )
  assert.deepEqual(asked, [], 'loopback is not a public address')
})

test('a frontend refuses a request from itself', async () => {
  await importing({ url: `${farUrl}/photo.png` })
  const headers = { 'user-agent': String(lastHeaders['user-agent']) }
  const answer = await frontend.ask('/operations', { headers })
  assertProblem(answer, 403, 'loop-detected')
})
