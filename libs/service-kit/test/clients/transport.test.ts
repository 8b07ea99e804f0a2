import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { freePort, until } from '@darkroom/testing'
import { ServiceUnavailable } from '../../src/problems/problems.ts'
import { instance, refusing, streamed, transportTo } from './transport-to.ts'

const breaking: RequestListener = request => void request.socket.destroy()
const unavailable: RequestListener = (_request, response) =>
  void response.writeHead(503).end('the engine is unavailable')
const closing: RequestListener = (_request, response) => void response.writeHead(421).end('shutting down')

suite('a transport', () => {
  test('a transport sends requests below the path of the instance, with its credentials if there is no token', async t => {
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

  test('a transport leaves credentials out of its error, which is logged', async t => {
    const { url } = await instance(t, unavailable)
    const { send } = transportTo(t, [url.replace('//', '//me:secret@')], { timeoutMs: 50 })
    await assert.rejects(send(), ({ cause }: Error) => {
      assert.ok(cause instanceof Error)
      assert.equal(cause.message, `${url} answered 503: the engine is unavailable`)
      return true
    })
  })

  test('a transport sends the path as it is, the body, and the cluster token', async t => {
    const { url, requests } = await instance(t)
    const { send } = transportTo(t, [url], { clusterToken: 'the token' })
    const path = '/key/a/../b/%2e%2e/c?prefix=x%2Fy'
    for (const body of ['text', Buffer.from('bytes'), streamed('in ', 'chunks')])
      assert.match(await (await send({ method: 'PUT', path, body })).body.text(), /^(text|bytes|in chunks)$/)
    assert.deepEqual(requests[0], { path, body: 'text', authorization: 'Bearer the token' })
    assert.equal(requests[2]?.body, 'in chunks')
  })

  test('a transport tries another instance when a connection is refused, whatever the method', async t => {
    const down = await refusing()
    const { url } = await instance(t)
    const { send, suspected } = transportTo(t, [down, url])
    const reply = await send({ method: 'POST', idempotent: false, body: streamed('whole ', 'body') })
    assert.equal(await reply.body.text(), 'whole body')
    assert.deepEqual(suspected, [down])
  })

  test('a transport retries until there is an instance', async t => {
    const port = await freePort()
    const { send, suspected } = transportTo(t, [`http://127.0.0.1:${port}`])
    const sent = send()
    await until('it was tried', () => suspected.length >= 2)
    const server = createServer((_request, response) => response.end('late')).listen(port, '127.0.0.1')
    t.after(() => server.close().closeAllConnections())
    assert.equal(await (await sent).body.text(), 'late')
  })

  test('a transport tries another instance after a 421, even if the request is not idempotent', async t => {
    const away = await instance(t, closing)
    const { url } = await instance(t)
    const { send, suspected } = transportTo(t, [away.url, url])
    const reply = await send({ method: 'POST', idempotent: false, body: 'x' })
    assert.equal(await reply.body.text(), 'x')
    assert.deepEqual(suspected, [away.url])
  })

  test('a transport is unavailable when a request is refused after a part of its streamed body was read', async t => {
    const away = await instance(t, closing)
    const { url, requests } = await instance(t)
    const { send } = transportTo(t, [away.url, url])
    await assert.rejects(send({ method: 'PUT', body: streamed('x') }), ServiceUnavailable)
    assert.equal(requests.length, 0)
  })

  test('a transport retries, also with other instances, while it gets a 503', async t => {
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

  test('a transport is unavailable, with the reason, when it gets a 503 for longer than its timeout', async t => {
    const { url } = await instance(t, unavailable)
    await assert.rejects(transportTo(t, [url], { timeoutMs: 200 }).send(), (error: unknown) => {
      assert.ok(error instanceof ServiceUnavailable)
      assert.match(String(error.cause), /answered 503: the engine is unavailable/)
      return true
    })
  })

  test('a transport returns a 503 that the caller handles, or if it may not repeat the request', async t => {
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

  test('a transport repeats an idempotent request when the connection broke', async t => {
    const broken = await instance(t, breaking)
    const { url } = await instance(t)
    const reply = await transportTo(t, [broken.url, url]).send({ method: 'PUT', body: 'again' })
    assert.equal(await reply.body.text(), 'again')
    assert.equal(broken.requests.length, 1)
  })

  test('a transport does not repeat a request that is not idempotent when the connection broke', async t => {
    const broken = await instance(t, breaking)
    const { url, requests } = await instance(t)
    const { send } = transportTo(t, [broken.url, url])
    await assert.rejects(send({ method: 'POST', idempotent: false, body: 'once' }), ServiceUnavailable)
    assert.deepEqual([broken.requests.length, requests.length], [1, 0])
  })

  test('a transport does not repeat a streamed body of which a part was read', async t => {
    const broken = await instance(t, request => request.once('data', () => request.socket.destroy()))
    const { url, requests } = await instance(t)
    const { send } = transportTo(t, [broken.url, url])
    await assert.rejects(send({ method: 'PUT', body: streamed('a', 'b') }), ServiceUnavailable)
    assert.equal(requests.length, 0)
  })

  test('a transport fails with the error of the body if the body fails', async t => {
    const { url } = await instance(t)
    async function* failing() {
      yield Buffer.from('half')
      throw new TypeError('the client hung up')
    }
    await assert.rejects(transportTo(t, [url]).send({ method: 'PUT', body: failing() }), TypeError)
  })

  test('a transport gives the reader an error when a response breaks off, and does not repeat the request', async t => {
    const { url, requests } = await instance(t, (request, response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('half', () => request.socket.destroy())
    })
    const reply = await transportTo(t, [url]).send()
    await assert.rejects(reply.body.text())
    assert.equal(requests.length, 1)
  })
})
