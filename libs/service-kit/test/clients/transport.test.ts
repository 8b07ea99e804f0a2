import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { WireRequest } from '@darkroom/contracts'
import { freePort, serveHttp, until } from '@darkroom/testing'
import { Agent } from 'undici'
import { createTransport, type TransportOptions } from '../../src/clients/transport.ts'
import { ServiceUnavailable } from '../../src/problems/problems.ts'

interface Instance {
  url: string
  /** The requests that arrived, with the read part of their bodies. */
  requests: { path: string; body: string; authorization: string | undefined }[]
}

/** A server of the service; a request that `listener` doesn't answer is answered 200 with its own body. */
async function instance(t: TestContext, listener?: RequestListener): Promise<Instance> {
  const requests: Instance['requests'] = []
  const { url } = await serveHttp(t, async (request, response) => {
    const seen = { path: request.url ?? '', body: '', authorization: request.headers.authorization }
    requests.push(seen)
    if (listener) return listener(request, response)
    seen.body = await text(request)
    response.end(seen.body)
  })
  return { url, requests }
}

/** A transport to these instances, tried in turn. */
function transportTo(t: TestContext, urls: string[], options: Partial<TransportOptions> = {}) {
  const dispatcher = new Agent()
  t.after(() => dispatcher.destroy())
  const suspected: string[] = []
  let next = 0
  const resolver = {
    pick: async () => urls[next++ % urls.length],
    suspect: (url: string) => void suspected.push(url),
  }
  const transport = createTransport({ service: 'storage', resolver, dispatcher, ...options })
  const send = (request: Partial<WireRequest> = {}) =>
    transport({
      method: 'GET',
      path: '/',
      headers: {},
      idempotent: true,
      expectsUnavailable: false,
      heldMs: 0,
      ...request,
    })
  return { send, suspected }
}

const refusing = async () => `http://127.0.0.1:${await freePort()}`
const breaking: RequestListener = request => void request.socket.destroy()
const unavailable: RequestListener = (_request, response) =>
  void response.writeHead(503).end('the engine is unavailable')
const closing: RequestListener = (_request, response) => void response.writeHead(421).end('shutting down')

async function* streamed(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

suite('a transport', () => {
  test('sends requests below the path of the instance, with its credentials if there is no token', async t => {
    const { url, requests } = await instance(t)
    const base = `${url.replace('//', '//me:secret@')}/behind/a/proxy/`
    await (await transportTo(t, [base]).send({ path: '/key/..?a=b' })).body.dump()
    await (await transportTo(t, [base], { clusterToken: 'token' }).send({ path: '/' })).body.dump()
    assert.deepEqual(
      requests.map(({ path, authorization }) => [path, authorization]),
      [
        ['/behind/a/proxy/key/..?a=b', `Basic ${Buffer.from('me:secret').toString('base64')}`],
        ['/behind/a/proxy/', 'Bearer token'],
      ],
    )
  })

  test('sends the path as it is, the body, and the cluster token', async t => {
    const { url, requests } = await instance(t)
    const { send } = transportTo(t, [url], { clusterToken: 'the token' })
    const path = '/key/a/../b/%2e%2e/c?prefix=x%2Fy'
    for (const body of ['text', Buffer.from('bytes'), streamed('in ', 'chunks')])
      assert.match(await (await send({ method: 'PUT', path, body })).body.text(), /^(text|bytes|in chunks)$/)
    assert.deepEqual(requests[0], { path, body: 'text', authorization: 'Bearer the token' })
    assert.equal(requests[2]?.body, 'in chunks')
  })

  test('tries another instance when a connection is refused, whatever the method', async t => {
    const down = await refusing()
    const { url } = await instance(t)
    const { send, suspected } = transportTo(t, [down, url])
    const reply = await send({ method: 'POST', idempotent: false, body: streamed('whole ', 'body') })
    assert.equal(await reply.body.text(), 'whole body')
    assert.deepEqual(suspected, [down])
  })

  test('retries until there is an instance', async t => {
    const port = await freePort()
    const { send, suspected } = transportTo(t, [`http://127.0.0.1:${port}`])
    const sent = send()
    await until('it was tried', () => suspected.length >= 2)
    const server = createServer((_request, response) => response.end('late')).listen(port, '127.0.0.1')
    t.after(() => server.close().closeAllConnections())
    assert.equal(await (await sent).body.text(), 'late')
  })

  test('tries another instance after a 421, even if the request is not idempotent', async t => {
    const away = await instance(t, closing)
    const { url } = await instance(t)
    const { send, suspected } = transportTo(t, [away.url, url])
    const reply = await send({ method: 'POST', idempotent: false, body: 'x' })
    assert.equal(await reply.body.text(), 'x')
    assert.deepEqual(suspected, [away.url])
  })

  test('is unavailable when a request is refused after a part of its streamed body was read', async t => {
    const away = await instance(t, closing)
    const { url, requests } = await instance(t)
    const { send } = transportTo(t, [away.url, url])
    await assert.rejects(send({ method: 'PUT', body: streamed('x') }), ServiceUnavailable)
    assert.equal(requests.length, 0)
  })

  test('tries again, also with other instances, while it gets a 503', async t => {
    let answers = 0
    const recovering = await instance(t, (_request, response) => {
      answers += 1
      response.writeHead(answers < 3 ? 503 : 200).end('the engine is unavailable')
    })
    const away = await instance(t, unavailable)
    const { send, suspected } = transportTo(t, [recovering.url, away.url])
    assert.equal((await send({ method: 'PUT', body: 'again' })).statusCode, 200)
    assert.deepEqual(suspected, [recovering.url, away.url, recovering.url, away.url])
  })

  test('is unavailable, with the reason, when it gets a 503 for longer than its timeout', async t => {
    const { url } = await instance(t, unavailable)
    await assert.rejects(transportTo(t, [url], { timeoutMs: 200 }).send(), (error: unknown) => {
      assert.ok(error instanceof ServiceUnavailable)
      assert.match(String(error.cause), /answered 503: the engine is unavailable/)
      return true
    })
  })

  test('returns a 503 if the caller handles it, if the request may not be repeated, or if its body was read', async t => {
    const { url, requests } = await instance(t, async (request, response) => {
      await text(request)
      unavailable(request, response)
    })
    const { send } = transportTo(t, [url])
    const handedOn = [
      send({ expectsUnavailable: true }),
      send({ method: 'POST', idempotent: false }),
      send({ method: 'PUT', body: streamed('a', 'b') }),
    ]
    for (const reply of await Promise.all(handedOn)) assert.equal(reply.statusCode, 503)
    assert.equal(requests.length, handedOn.length)
  })

  test('repeats an idempotent request when the connection broke', async t => {
    const broken = await instance(t, breaking)
    const { url } = await instance(t)
    const reply = await transportTo(t, [broken.url, url]).send({ method: 'PUT', body: 'again' })
    assert.equal(await reply.body.text(), 'again')
    assert.equal(broken.requests.length, 1)
  })

  test('does not repeat a request that is not idempotent when the connection broke', async t => {
    const broken = await instance(t, breaking)
    const { url, requests } = await instance(t)
    const { send } = transportTo(t, [broken.url, url])
    await assert.rejects(send({ method: 'POST', idempotent: false, body: 'once' }), ServiceUnavailable)
    assert.deepEqual([broken.requests.length, requests.length], [1, 0])
  })

  test('does not repeat a streamed body of which a part was read', async t => {
    const broken = await instance(t, request => request.once('data', () => request.socket.destroy()))
    const { url, requests } = await instance(t)
    const { send } = transportTo(t, [broken.url, url])
    await assert.rejects(send({ method: 'PUT', body: streamed('a', 'b') }), ServiceUnavailable)
    assert.equal(requests.length, 0)
  })

  test('fails with the error of the body if the body fails', async t => {
    const { url } = await instance(t)
    async function* failing() {
      yield Buffer.from('half')
      throw new TypeError('the client hung up')
    }
    await assert.rejects(transportTo(t, [url]).send({ method: 'PUT', body: failing() }), TypeError)
  })

  test('gives the reader an error when an answer breaks off, and does not repeat the request', async t => {
    const { url, requests } = await instance(t, (request, response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('half', () => request.socket.destroy())
    })
    const reply = await transportTo(t, [url]).send()
    await assert.rejects(reply.body.text())
    assert.equal(requests.length, 1)
  })

  test('is unavailable, with the last cause, when no instance answered within the timeout', async t => {
    const { send } = transportTo(t, [await refusing()], { timeoutMs: 100 })
    await assert.rejects(send(), (error: unknown) => {
      assert.ok(error instanceof ServiceUnavailable)
      assert.equal(error.service, 'storage')
      assert.match(String(error.cause), /ECONNREFUSED/)
      return true
    })
  })

  test('sends the request once, even if the timeout is 0', async t => {
    const { url } = await instance(t, (_request, response) => void response.end('here'))
    const { send } = transportTo(t, [url], { timeoutMs: 0 })
    assert.equal((await send()).statusCode, 200)
  })

  test('is unavailable when no instance is known', async t => {
    const dispatcher = new Agent()
    t.after(() => dispatcher.destroy())
    const resolver = {
      pick: async (giveUp: () => AbortSignal) => {
        const signal = giveUp()
        if (!signal.aborted) await once(signal, 'abort')
        return undefined
      },
      suspect: () => undefined,
    }
    const transport = createTransport({ service: 'storage', resolver, dispatcher, timeoutMs: 50 })
    // Its timer does not keep the process alive.
    const alive = setInterval(() => undefined, 1000)
    t.after(() => clearInterval(alive))
    const request = { method: 'GET', path: '/', headers: {}, idempotent: true, heldMs: 0 } as const
    await assert.rejects(transport({ ...request, expectsUnavailable: false }), /storage does not answer/)
  })

  test('ends at once, with the reason, when it is aborted: while it waits, sends and reads', async t => {
    const silent = await instance(t, () => undefined)
    const half = await instance(t, (_request, response) => void response.write('half'))
    const reason = new Error('no longer wanted')
    const aborted = AbortSignal.abort(reason)
    const { send } = transportTo(t, [silent.url])
    await assert.rejects(send({ signal: aborted }), reason)

    const whileWaiting = new AbortController()
    const waiting = send({ signal: whileWaiting.signal })
    await until('it is asked', () => silent.requests.length === 1)
    whileWaiting.abort(reason)
    await assert.rejects(waiting, reason)

    const whileTrying = new AbortController()
    const trying = transportTo(t, [await refusing()])
    const tried = trying.send({ signal: whileTrying.signal })
    await until('it was tried', () => trying.suspected.length > 1)
    whileTrying.abort(reason)
    await assert.rejects(tried, reason)

    const whileReading = new AbortController()
    const reply = await transportTo(t, [half.url]).send({ signal: whileReading.signal })
    const reading = reply.body.text()
    whileReading.abort(reason)
    await assert.rejects(reading)
  })

  test('does not count the time in which a streamed body is sent, nor that in which the instance does not read it', async t => {
    const answerTimeoutMs = 1000
    const { url } = await instance(t, async (request, response) => {
      await delay(3 * answerTimeoutMs) // backlog on the connection, as behind a slow object store
      let bytes = 0
      for await (const chunk of request) bytes += chunk.length
      response.end(String(bytes))
    })
    const { send } = transportTo(t, [url], { answerTimeoutMs })
    const chunks = Array.from({ length: 32 }, () => Buffer.alloc(1024 * 1024))
    async function* large() {
      yield* chunks
    }
    const reply = await send({ method: 'PUT', body: large() })
    assert.equal(await reply.body.text(), String(32 * 1024 * 1024))
  })

  test('is unavailable when an instance does not answer a streamed body that it has received', async t => {
    const { url } = await instance(t, request => void request.resume())
    const { send } = transportTo(t, [url], { answerTimeoutMs: 200 })
    const from = performance.now()
    await assert.rejects(send({ method: 'PUT', body: streamed('whole') }), ServiceUnavailable)
    assert.ok(performance.now() - from < 10_000)
  })

  test('waits longer for an answer if the request may be held', async t => {
    const timeouts: unknown[] = []
    const { url } = await instance(t)
    const dispatcher = new Agent().compose(dispatch => (options, handler) => {
      timeouts.push([options.headersTimeout, options.bodyTimeout])
      return dispatch(options, handler)
    })
    t.after(() => dispatcher.destroy())
    const { send } = transportTo(t, [url], { dispatcher })
    for (const heldMs of [0, 25_000]) await (await send({ heldMs })).body.dump()
    assert.deepEqual(timeouts, [
      [10_000, 10_000],
      [35_000, 35_000],
    ])
  })
})
