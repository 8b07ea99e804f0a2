import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connectTo, until } from '@darkroom/testing'
import type { BodyBounds } from '../../src/bodies/body-progress.ts'
import type { Body } from '../../src/bodies/read-body.ts'
import { acceptBytes } from '../../src/http/accept-bodies.ts'
import { buildApp, latch } from '../app.ts'

const stallMs = 300

/** A public app that counts the bytes of bodies, parses JSON, or reads only when the test allows it. */
async function serve(t: TestContext, bounds: BodyBounds = { bodyStallMs: stallMs }) {
  const isRepeatedOnlyAfter5xx = ({ repeated }: IncomingHttpHeaders) => repeated === 'only-after-5xx'
  const { opened: mayRead, open: letRead } = latch(t)
  const { app, log } = buildApp(t, { isPublic: true, isRepeatedOnlyAfter5xx, ...bounds })
  const counted: number[] = []
  const failures: unknown[] = []
  const count = async (body: Body) => {
    let bytes = 0
    try {
      for await (const chunk of body instanceof Uint8Array ? [body] : (body ?? [])) bytes += chunk.length
    } catch (error) {
      failures.push(error)
      throw error
    }
    counted.push(bytes)
    return String(bytes)
  }
  app.post('/json', async () => 'taken')
  app.register(async scope => {
    acceptBytes(scope)
    scope.post('/bytes', async ({ body }) => count(body as Body))
    scope.post('/later', async ({ body }) => {
      await mayRead
      return count(body as Body)
    })
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const begin = (path: string, bytes: number, headers = ''): Socket => {
    const socket = connectTo(t, url)
    socket.on('error', () => undefined)
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${bytes}\r\n${headers}\r\n`,
    )
    return socket
  }
  const aborted = () => log.lines.filter(({ msg }) => msg.startsWith('request aborted'))
  return { app, log, begin, letRead, counted, failures, aborted }
}

suite('the body of a request', () => {
  test('the body of a request may take longer than any bound while it makes progress', async t => {
    const { app, begin, aborted } = await serve(t)
    assert.equal(app.server.requestTimeout, 0)
    const socket = begin('/bytes', 20)
    for (let sent = 0; sent < 20; sent++) {
      await delay(stallMs / 5)
      socket.write('x')
    }
    assert.match(await text(socket), /^HTTP\/1\.1 200 .*\r\n\r\n20$/s)
    assert.deepEqual(aborted(), [])
  })

  for (const [path, headers] of [
    ['/bytes', ''],
    ['/json', 'content-type: application/json\r\n'],
  ] as const) {
    test(`a request to ${path} that stalls is aborted, with a 408 and one line in the log`, async t => {
      const { begin, log, aborted } = await serve(t)
      const socket = begin(path, 1000, headers)
      socket.write('{"half": ')
      const response = await text(socket)
      assert.match(
        response,
        /^HTTP\/1\.1 408 .*urn:darkroom:problem:request-timeout.*no byte of the body arrived for 300 ms/s,
      )
      assert.equal(aborted().length, 1)
      assert.deepEqual(
        log.lines.filter(({ level }) => level >= 40),
        [],
      )
    })
  }

  test('a request whose body stalls returns 503 to a client that would not repeat it after a 408', async t => {
    const { begin } = await serve(t)
    const socket = begin('/bytes', 1000, 'repeated: only-after-5xx\r\n')
    socket.write('half')
    assert.match(await text(socket), /^HTTP\/1\.1 503 .*retry-after: 1\r\n.*problem:request-timeout/s)
  })

  test('the body of a request that stalls gives its reader an error', async t => {
    const { begin, failures } = await serve(t)
    begin('/bytes', 1000).write('half')
    await until('the reader gets an error', () => failures.length === 1)
  })

  test('the body of a request that arrives too slowly over the window is aborted, even if it never stalls', async t => {
    const { begin, aborted } = await serve(t, {
      bodyStallMs: 60_000,
      bodyMinBytesPerSecond: 1000,
      bodyWindowMs: 600,
    })
    const socket = begin('/bytes', 100_000)
    const trickling = setInterval(() => socket.write('x'), 100)
    t.after(() => clearInterval(trickling))
    const [response] = await once(socket, 'data')
    clearInterval(trickling)
    assert.match(String(response), /^HTTP\/1\.1 408 .*at least 1000 are required/s)
    assert.equal(aborted().length, 1)
  })

  test('the body of a request does not count as stalled while the service itself does not read it', async t => {
    const { begin, letRead, counted, aborted } = await serve(t)
    const bytes = 32 * 1024 * 1024
    const socket = begin('/later', bytes)
    socket.write(Buffer.alloc(bytes))
    await delay(4 * stallMs) // this time must not count
    assert.deepEqual(aborted(), [])
    letRead()
    await until('the whole body has arrived', () => counted.length === 1)
    assert.deepEqual(counted, [bytes])
  })

  test('the body of a request that was refused and then stalls does not hold its connection', async t => {
    const { begin, aborted } = await serve(t)
    const socket = begin('/nowhere', 1000)
    socket.write('half')
    assert.match(await text(socket), /^HTTP\/1\.1 404 /)
    await until('the connection is closed', () => socket.closed)
    assert.equal(aborted().length, 1)
  })

  for (const [what, bounds, atLeastMs] of [
    ['stall for twice as long', { bodyStallMs: stallMs }, 2 * stallMs],
    ['come slowly for twice as long', { bodyMinBytesPerSecond: 1000, bodyWindowMs: stallMs }, 2 * stallMs],
  ] as const)
    test(`the body of a request of an internal service may ${what}, so that the public service aborts first`, async t => {
      const { app } = buildApp(t, bounds)
      const socket = connectTo(t, await app.listen({ host: '127.0.0.1', port: 0 }))
      const from = performance.now()
      socket.write('POST /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 9\r\n\r\nhalf')
      socket.resume()
      await once(socket, 'close')
      assert.ok(performance.now() - from >= atLeastMs)
    })
})
