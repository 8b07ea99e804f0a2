import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { GivenInstant, ResultName } from '@darkroom/contracts'
import { Type } from '@darkroom/contracts/typebox'
import { httpRequest } from '@darkroom/testing'
import { buildApp, problemOf } from '../app.ts'

suite('a request', () => {
  const query = Type.Object(
    {
      n: Type.Integer({ minimum: 1 }),
      b: Type.Optional(Type.Boolean()),
      since: Type.Optional(GivenInstant),
      preset: Type.Optional(ResultName),
      count: Type.Optional(Type.Literal('only')),
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

  test('a request has its query converted to the types of the contract', async t => {
    assert.deepEqual((await checking(t).inject('/query?n=12&b=true')).json(), { n: 12, b: true })
  })

  test('a request that violates the contract returns 400, and the response names the mistake', async t => {
    const app = checking(t)
    const wrong: [string, RegExp][] = [
      ['', /query: missing n$/],
      ['?n=x', /query n: must be a whole number, got "x"$/],
      ['?n=1.5', /query n: must be a whole number, got "1.5"$/],
      ['?n=0', /query n: must be at least 1, got "0"$/],
      ['?n=1&n=2', /query n: given 2 times; send it once$/],
      ['?n=1&preset=a&preset=b&preset=c', /query preset: given 3 times; send it once$/],
      [`?n=${'x'.repeat(50)}`, /query n: must be a whole number$/],
      ['?n=1&b=yes', /query b: must be true or false, got "yes"$/],
      ['?n=1&other=2', /query: unknown other; expected: n, b, since, preset, count$/],
      ['?n=1&since=2026-01-31', /query since: must be a date and time such as \S+Z, got "2026-01-31"$/],
      [
        '?n=1&since=2016-12-31T23:59:60Z',
        /query since: must be a date and time such as .*, got "2016-.*:60Z"$/,
      ],
      ['?n=1&since=2026-01-31T10:00:00+01:00', /, got "2026-.* 01:00"; in a query, write \+ as %2B$/],
      ['?n=1&preset=a/b', /query preset: must be at most 64 letters, .* a digit, got "a\/b"$/],
      ['?n=1&count=all', /query count: must be only, got "all"$/],
    ]
    for (const [search, detail] of wrong) {
      const response = await app.inject(`/query${search}`)
      assert.equal(response.statusCode, 400, search)
      assert.equal(problemOf(response), 'invalid-request')
      assert.match(response.json().detail, detail)
    }
  })

  test('a request keeps the types of its JSON: text does not become a number', async t => {
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
      const response = await post(payload)
      assert.equal(response.statusCode, 400, JSON.stringify(payload))
      assert.equal(problemOf(response), 'invalid-request')
    }
    const kinds: [object | string, RegExp][] = [
      [{ kind: 'a', n: 'a secret' }, /body n: must be a whole number, got text$/],
      [{ kind: 'a', n: null }, /body n: must be a whole number, got null$/],
      [{ kind: 'a', n: 1.5 }, /body n: must be a whole number, got 1.5$/],
      [[], /body: must be an object, got a list$/],
      ['', /body: must be an object, got nothing$/],
    ]
    for (const [payload, detail] of kinds) assert.match((await post(payload)).json().detail, detail)
    assert.match((await post({ kind: 'c', n: 1 })).json().detail, /body kind: must be a or b, got "c"$/)
  })

  test('a request with a body of an unsupported type returns 415, and with too large a body 413', async t => {
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
    assert.equal(large.json().detail, 'the body is larger than 1048576 bytes')
  })

  test('a request with a compressed body returns 415, and the response names the Content-Encoding', async t => {
    const post = (coding: string) =>
      checking(t).inject({
        method: 'POST',
        url: '/body',
        headers: { 'content-type': 'application/json', 'content-encoding': coding },
        payload: { kind: 'a', n: 1 },
      })
    const response = await post('gzip')
    assert.equal(response.statusCode, 415)
    assert.equal(problemOf(response), 'unsupported-content-encoding')
    assert.match(response.json().detail, /"gzip"/)
    assert.equal(response.headers['accept-encoding'], 'identity')
    assert.equal((await post('identity')).statusCode, 200)
  })

  test('a request with a compressed transfer coding returns 501, and chunked alone is accepted', async t => {
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

  test('a request without a body may have any Content-Type, as many clients send one with every POST', async t => {
    const { app } = buildApp(t)
    const methods = ['POST', 'DELETE'] as const
    app.route({ method: [...methods], url: '/things', handler: async () => 'done' })
    for (const method of methods) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' }
      const response = await app.inject({ method, url: '/things', headers })
      assert.deepEqual([response.statusCode, response.body], [200, 'done'])
    }
  })

  test('a request with a body that is not JSON returns 400 in words that do not depend on its Content-Type', async t => {
    const headers = { 'content-type': 'application/json' }
    const response = await checking(t).inject({ method: 'POST', url: '/body', headers, payload: '{' })
    assert.equal(problemOf(response), 'invalid-request')
    assert.equal(response.json().detail, 'the body is not valid JSON')
  })
})
