import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { createClient, defineRoute, Nothing, UnexpectedReply } from '@darkroom/contracts'
import { Type } from '@darkroom/contracts/typebox'
import { httpRequest } from '@darkroom/testing'
import { readBody } from '../../src/bodies/read-body.ts'
import { acceptBytes } from '../../src/http/accept-bodies.ts'
import { ServiceProblem, ServiceUnavailable, tooManyRequests } from '../../src/problems/problems.ts'
import { buildApp, problemOf } from '../app.ts'

/** An app whose only route throws this error. */
async function throwing(t: TestContext, thrown: unknown) {
  const { app, log } = buildApp(t)
  app.get('/throw', async () => {
    throw thrown
  })
  return { answer: await app.inject('/throw'), log }
}

suite('an error', () => {
  test('that is unknown is one opaque 500, with its cause in the log', async t => {
    for (const thrown of [new TypeError('the secret is 42'), 'the secret is 42', { secret: 42 }]) {
      const { answer, log } = await throwing(t, thrown)
      assert.equal(answer.statusCode, 500)
      assert.equal(problemOf(answer), 'internal-error')
      assert.doesNotMatch(answer.body, /42/)
      assert.equal(log.errors.length, 1)
      assert.match(JSON.stringify(log.errors), /42/)
      assert.match(JSON.stringify(log.errors), /"url":"\/throw"/)
    }
  })

  test('about an image is logged with the id of the image', async t => {
    const { app, log } = buildApp(t)
    const fail = async () => Promise.reject(new TypeError('a mistake'))
    app.get('/images/:id', fail)
    app.get('/blobs/:stage/:key', fail)
    app.post('/workFinished', fail)
    const id = '01997a30-7c1e-7a53-8e5f-0b7f3f6d2c11'
    await app.inject(`/images/${id}?x=1`)
    await app.inject(`/blobs/post/${id}.thumb`)
    await app.inject({ method: 'POST', url: '/workFinished', payload: { id } })
    await app.inject('/images/none')
    assert.deepEqual(
      log.errors.map(line => line.id),
      [id, id, id, undefined],
    )
  })

  test('that is a problem is answered with that problem, and not logged', async t => {
    const problem = new ServiceProblem(409, 'already-done', 'it was done before', {
      headers: { 'x-who': 'me' },
    })
    const { answer, log } = await throwing(t, problem)
    assert.equal(answer.statusCode, 409)
    assert.equal(answer.headers['x-who'], 'me')
    assert.deepEqual(answer.json(), {
      type: 'urn:darkroom:problem:already-done',
      title: 'Already done',
      status: 409,
      detail: 'it was done before',
    })
    assert.deepEqual(log.errors, [])
  })

  test('of a service that does not answer is 503 with Retry-After, and its cause is in the log', async t => {
    const { answer, log } = await throwing(
      t,
      new ServiceUnavailable('storage', new Error('connection refused')),
    )
    assert.equal(answer.statusCode, 503)
    assert.equal(problemOf(answer), 'unavailable')
    assert.equal(answer.headers['retry-after'], '1')
    assert.match(answer.body, /storage does not answer/)
    assert.match(JSON.stringify(log.errors), /connection refused/)
  })

  test('of an overloaded service is passed on unchanged', async t => {
    const { app, log } = buildApp(t)
    const route = defineRoute({
      method: 'GET',
      url: '/',
      schema: { summary: 'x', response: { 204: Nothing } },
    })
    const text = JSON.stringify({
      type: 'urn:darkroom:problem:disk-full',
      title: 'x',
      status: 503,
      detail: 'no room',
    })
    const body = { text: async () => text, bytes: async () => new Uint8Array(), dump: async () => undefined }
    const { get } = createClient({ get: route }, async () => ({
      statusCode: 503,
      headers: { 'retry-after': '60' },
      body: {
        ...body,
        async *[Symbol.asyncIterator]() {
          yield Buffer.from(text)
        },
      },
    }))
    app.get('/', async () => {
      await assert.rejects(get({}), UnexpectedReply)
      return get({})
    })
    const answer = await app.inject('/')
    assert.equal(answer.statusCode, 503)
    assert.equal(problemOf(answer), 'disk-full')
    assert.equal(answer.json().detail, 'no room')
    assert.equal(answer.headers['retry-after'], '60')
    assert.deepEqual(log.errors, [])
  })

  test('of expected overload has a Retry-After', async t => {
    const { answer, log } = await throwing(t, tooManyRequests('queue-full', 'too much is queued', 5))
    assert.equal(answer.statusCode, 429)
    assert.equal(answer.headers['retry-after'], '5')
    assert.deepEqual(log.errors, [])
  })
})

suite('a request', () => {
  const query = Type.Object(
    {
      n: Type.Integer({ minimum: 1 }),
      b: Type.Optional(Type.Boolean()),
      since: Type.Optional(Type.String({ format: 'date-time' })),
    },
    { additionalProperties: false },
  )
  const body = Type.Object(
    { kind: Type.Enum(['a', 'b']), n: Type.Integer() },
    { additionalProperties: false },
  )

  function checking(t: TestContext) {
    const { app } = buildApp(t)
    app.get('/query', { schema: { querystring: query } }, async request => request.query)
    app.post('/body', { schema: { body } }, async request => request.body)
    return app
  }

  test('has its query converted to the types of the contract', async t => {
    assert.deepEqual((await checking(t).inject('/query?n=12&b=true')).json(), { n: 12, b: true })
  })

  test('that violates the contract is 400, and the answer names the mistake', async t => {
    const app = checking(t)
    const wrong: [string, RegExp][] = [
      ['', /query: missing n$/],
      ['?n=x', /query n: must be integer, got "x"$/],
      ['?n=1.5', /query n: must be integer, got "1.5"$/],
      ['?n=0', /query n: must be >= 1, got "0"$/],
      ['?n=1&n=2', /query n: must be integer, got \["1","2"\]$/],
      [`?n=${'x'.repeat(50)}`, /query n: must be integer$/],
      ['?n=1&b=yes', /query b: must be boolean, got "yes"$/],
      ['?n=1&other=2', /query: unknown other; expected: n, b, since$/],
      ['?n=1&since=2026-01-31', /query since: must be a date and time such as \S+Z, got "2026-01-31"$/],
    ]
    for (const [search, detail] of wrong) {
      const answer = await app.inject(`/query${search}`)
      assert.equal(answer.statusCode, 400, search)
      assert.equal(problemOf(answer), 'invalid-request')
      assert.match(answer.json().detail, detail)
    }
  })

  test('keeps the types of its JSON: text does not become a number', async t => {
    const app = checking(t)
    const post = (payload: object | string) =>
      app.inject({ method: 'POST', url: '/body', headers: { 'content-type': 'application/json' }, payload })
    assert.deepEqual((await post({ kind: 'a', n: 1 })).json(), { kind: 'a', n: 1 })
    const wrong = [
      { kind: 'a', n: '1' },
      { kind: 'a', n: true },
      { kind: 'c', n: 1 },
      { kind: 'a', n: 1, m: 1 },
      [],
      '{',
      '',
    ]
    for (const payload of wrong) {
      const answer = await post(payload)
      assert.equal(answer.statusCode, 400, JSON.stringify(payload))
      assert.equal(problemOf(answer), 'invalid-request')
    }
    assert.match((await post({ kind: 'c', n: 1 })).json().detail, /kind.*\(a, b\), got "c"$/)
  })

  test('with a body of an unsupported type is 415, and with too large a body 413', async t => {
    const app = checking(t)
    const headers = { 'content-type': 'text/html' }
    const html = await app.inject({ method: 'POST', url: '/body', headers, payload: '<p>' })
    assert.equal(problemOf(html), 'unsupported-media-type')
    const large = await app.inject({
      method: 'POST',
      url: '/body',
      payload: { kind: 'x'.repeat(1024 * 1024) },
    })
    assert.equal(problemOf(large), 'too-large')
    assert.equal(large.statusCode, 413)
  })

  test('with another method is 405 with the allowed methods, with another path 404', async t => {
    const { app } = buildApp(t)
    for (const method of ['GET', 'PUT'] as const)
      app.route({ method, url: '/things/:id/parts', handler: async () => '' })
    app.delete('/key/*', async () => '')
    const wrong = await app.inject({ method: 'POST', url: '/things/1/parts?x=1' })
    assert.equal(wrong.statusCode, 405)
    assert.equal(problemOf(wrong), 'method-not-allowed')
    assert.deepEqual(String(wrong.headers.allow).split(', ').sort(), ['GET', 'HEAD', 'PUT'])
    assert.equal((await app.inject({ method: 'PATCH', url: '/key/a/b/c' })).headers.allow, 'DELETE')
    for (const url of ['/things', '/things/1', '/things/1/parts/2', '/thingsX1Xparts', '/'])
      assert.equal(problemOf(await app.inject(url)), 'no-such-route', url)
  })

  test('with a slash at the end of its path is 404, and the answer says to leave it out', async t => {
    const { app } = buildApp(t)
    app.post('/things', async () => '')
    app.route({ method: ['GET', 'POST'], url: '/things/:id', handler: async () => 'a thing' })
    for (const url of ['/things/', '/things/1/']) {
      const answer = await app.inject({ method: 'POST', url })
      assert.equal(problemOf(answer), 'no-such-route')
      assert.equal(answer.json().detail, `no such route: POST ${url}; leave out the slash at its end`)
    }
    assert.equal((await app.inject('/other/')).json().detail, 'no such route: GET /other/')
    assert.equal((await app.inject('/things/1')).body, 'a thing')
  })

  test('without the id in its path is 404, and reaches no handler', async t => {
    const { app } = buildApp(t)
    app.get('/things/:id', async () => 'a thing')
    app.get('/things/:id/parts', async () => 'parts')
    app.get('/key/*', async () => 'a key')
    for (const url of ['/things/', '/things//parts'])
      assert.equal(problemOf(await app.inject(url)), 'no-such-route', url)
    assert.equal((await app.inject('/key/')).body, 'a key')
  })

  test('with a compressed body is 415, and the answer names the Content-Encoding', async t => {
    const post = (coding: string) =>
      checking(t).inject({
        method: 'POST',
        url: '/body',
        headers: { 'content-type': 'application/json', 'content-encoding': coding },
        payload: { kind: 'a', n: 1 },
      })
    const answer = await post('gzip')
    assert.equal(answer.statusCode, 415)
    assert.equal(problemOf(answer), 'unsupported-content-encoding')
    assert.match(answer.json().detail, /"gzip"/)
    assert.equal(answer.headers['accept-encoding'], 'identity')
    assert.equal((await post('identity')).statusCode, 200)
  })

  test('with a compressed transfer coding is 501, and chunked alone is accepted', async t => {
    const app = checking(t)
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const post = (coding: string) =>
      httpRequest(url, '/body', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'transfer-encoding': coding },
        body: Buffer.from(JSON.stringify({ kind: 'a', n: 1 })),
      })
    const { status, json } = await post('gzip, chunked')
    assert.deepEqual([status, json().type], [501, 'urn:darkroom:problem:unsupported-transfer-encoding'])
    assert.match(String(json().detail), /"gzip, chunked"/)
    for (const coding of ['chunked', 'Chunked', ',chunked']) assert.equal((await post(coding)).status, 200)
  })

  test('with another method or path is 405 or 404 whatever its body is', async t => {
    const { app } = buildApp(t)
    app.put('/things', async () => '')
    const headers = { 'content-type': 'application/json' }
    for (const payload of ['{', JSON.stringify('x'.repeat(1024 * 1024))])
      for (const [url, code] of [
        ['/things', 'method-not-allowed'],
        ['/nothing', 'no-such-route'],
      ] as const)
        assert.equal(problemOf(await app.inject({ method: 'POST', url, headers, payload })), code)
  })

  test('without a body may have any Content-Type, as many HTTP clients send one with every POST', async t => {
    const { app } = buildApp(t)
    const methods = ['POST', 'DELETE'] as const
    app.route({ method: [...methods], url: '/things', handler: async () => 'done' })
    for (const method of methods) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' }
      const answer = await app.inject({ method, url: '/things', headers })
      assert.deepEqual([answer.statusCode, answer.body], [200, 'done'])
    }
  })

  test('with a body that is not JSON is 400 in words that do not depend on its Content-Type', async t => {
    const headers = { 'content-type': 'application/json' }
    const answer = await checking(t).inject({ method: 'POST', url: '/body', headers, payload: '{' })
    assert.equal(problemOf(answer), 'invalid-request')
    assert.equal(answer.json().detail, 'the body is not valid JSON')
  })

  test('that cannot be parsed is answered with a problem, too', async t => {
    const { app } = buildApp(t)
    app.get('/things/:id', async () => 'found')
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    assert.equal((await httpRequest(url, '/things/%zz')).json().type, 'urn:darkroom:problem:invalid-request')
    const long = await httpRequest(url, `/things/${'x'.repeat(1025)}`)
    assert.equal(long.status, 414)
    assert.equal(long.json().type, 'urn:darkroom:problem:path-too-long')

    const messages: [string, number, RegExp?][] = [
      ['nonsense\r\n\r\n', 400],
      ['GET /日 HTTP/1.1\r\nhost: x\r\n\r\n', 400, /percent-encode the path and the query$/],
      ['GET /?name=é HTTP/1.1\r\nhost: x\r\n\r\n', 400, /percent-encode the path and the query$/],
      ['GET /things/1 HTTP/1.1\r\nhost: x\r\nexpect: tea\r\n\r\n', 417],
      [`GET / HTTP/1.1\r\nhost: x\r\nlong: ${'x'.repeat(200_000)}\r\n\r\n`, 431],
      ['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n', 400],
    ]
    for (const [message, status, remedy = /./] of messages) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8')
      t.after(() => socket.destroy())
      socket.write(message)
      const [answer] = await once(socket, 'data')
      assert.match(
        answer,
        new RegExp(`^HTTP/1.1 ${status} .*content-type: application/problem\\+json\r\n`, 's'),
      )
      const problem = JSON.parse(answer.split('\r\n\r\n')[1])
      assert.equal(problem.status, status)
      assert.match(
        problem.detail,
        /^(the request is not valid HTTP\/1\.1: .|the request line and|the expectation "tea")/,
      )
      assert.match(problem.detail, remedy)
    }
    assert.equal((await httpRequest(url, '/things/1')).status, 200)
  })
})

test('a handler that stops reading a body half-way can still answer', async t => {
  const { app, log } = buildApp(t)
  acceptBytes(app)
  app.post<{ Body: AsyncIterable<Uint8Array> }>(
    '/',
    async request => (await readBody(request.body, 1000)).length,
  )
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const refused = await httpRequest(url, '/', { method: 'POST', body: Buffer.alloc(20_000_000) })
  assert.equal(refused.json().type, 'urn:darkroom:problem:too-large')
  assert.equal(
    String((await httpRequest(url, '/', { method: 'POST', body: Buffer.alloc(1000) })).body),
    '1000',
  )
  assert.deepEqual(log.errors, [])
})

test('a handler that stops reading a body half-way, and keeps its reader, does not block the connection', async t => {
  const { app } = buildApp(t)
  acceptBytes(app)
  const abandoned: AsyncIterator<Uint8Array>[] = []
  app.post<{ Body: AsyncIterable<Uint8Array> }>('/', async ({ body }) => {
    const chunks = body[Symbol.asyncIterator]()
    abandoned.push(chunks)
    await chunks.next()
    throw new ServiceProblem(400, 'refused', 'the body is not read to its end')
  })
  app.get('/', async () => 'next')
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  for (const [first, rest] of [
    ['abc', ''],
    ['a', 'bc'],
  ]) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8')
    t.after(() => socket.destroy())
    socket.write(
      `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 3\r\n\r\n${first}`,
    )
    assert.match((await once(socket, 'data'))[0], /^HTTP\/1.1 400 /)
    socket.write(`${rest}GET / HTTP/1.1\r\nhost: x\r\n\r\n`)
    const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })
    assert.match(answer, /^HTTP\/1.1 200 .+next$/s)
  }
})
