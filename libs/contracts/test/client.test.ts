import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { characterOf, lastCharacter } from '@darkroom/testing'
import fc from 'fast-check'
import { createClient, UnexpectedReply, type WireRequest } from '../src/client.ts'
import { Problem, problemType } from '../src/problem.ts'
import { Bytes, defineRoute, Nothing } from '../src/route.ts'
import { Type } from '../src/typebox/typebox.js'

const routes = {
  get: defineRoute({
    method: 'GET',
    url: '/things/:id/parts/:part',
    schema: {
      summary: 'A part',
      params: Type.Object({ id: Type.String(), part: Type.Integer() }),
      querystring: Type.Object({ wait: Type.Optional(Type.Number()), text: Type.Optional(Type.String()) }),
      headers: Type.Object({ range: Type.Optional(Type.String()) }),
      response: { 200: Type.Object({ name: Type.String() }), 204: Nothing, 404: Problem },
    },
  }),
  getKey: defineRoute({
    method: 'GET',
    url: '/key/*',
    schema: { summary: 'A key', params: Type.Object({ '*': Type.String() }), response: { 200: Bytes } },
  }),
  post: defineRoute({
    method: 'POST',
    url: '/things',
    schema: { summary: 'Make', body: Type.Object({ n: Type.Number() }), response: { 201: Type.String() } },
  }),
  upload: defineRoute({
    method: 'PUT',
    url: '/bytes',
    schema: {
      summary: 'Bytes',
      headers: Type.Object({ 'content-type': Type.Optional(Type.String()) }),
      body: Bytes,
      response: { 200: Nothing },
    },
  }),
}

/** A client that records its requests and answers each with this. */
function clientOf(
  answer: { status?: number; type?: string; text?: string; headers?: Record<string, string> } = {},
) {
  const { status = 200, type = 'application/json', text = '{"name":"x"}', headers = {} } = answer
  const requests: WireRequest[] = []
  const bytes = new TextEncoder().encode(text)
  const client = createClient(routes, async request => {
    requests.push(request)
    return {
      statusCode: status,
      headers: { 'content-type': type, ...headers },
      body: {
        bytes: async () => bytes,
        text: async () => text,
        dump: async () => undefined,
        async *[Symbol.asyncIterator]() {
          yield bytes
        },
      },
    }
  })
  return { client, requests }
}

suite('a client', () => {
  test('a client sends parameters in the path so that they arrive as they were', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.nat(lastCharacter).map(characterOf) }),
        fc.integer(),
        async (id, part) => {
          const { client, requests } = clientOf()
          await client.get({ params: { id, part }, querystring: {}, headers: {} })
          const [, things, sentId = '', parts, sentPart = '', ...rest] = requests[0]?.path.split('/') ?? []
          assert.deepEqual([things, parts, rest], ['things', 'parts', []])
          assert.deepEqual([decodeURIComponent(sentId), decodeURIComponent(sentPart)], [id, String(part)])
        },
      ),
    )
  })

  test('a client keeps the slashes in the value of *, and encodes the rest', async () => {
    const { client, requests } = clientOf({ type: 'application/octet-stream' })
    for (const key of ['a/b/c', '/a//b/', 'a?b#c/d%2f', 'ä/ö ü', '../a/./b', ':id/*']) {
      await client.getKey({ params: { '*': key } })
      const path = requests.at(-1)?.path ?? ''
      assert.match(path, /^[\w\-.~!*'()%/]+$/)
      assert.equal(path.slice('/key/'.length).split('/').map(decodeURIComponent).join('/'), key)
    }
  })

  test('a client sends the query and headers that are given, and passes on how long it may be held', async () => {
    const { client, requests } = clientOf()
    const call = { params: { id: 'a', part: 1 }, headers: { range: 'bytes=0-1' } }
    await client.get({ ...call, querystring: { wait: 2.5, text: 'a&b=c ä' } })
    await client.get({ ...call, headers: {}, querystring: {} })
    const [full, bare] = requests
    const query = new URLSearchParams(full?.path.split('?')[1])
    assert.deepEqual(Object.fromEntries(query), { wait: '2.5', text: 'a&b=c ä' })
    assert.deepEqual(full?.headers, { range: 'bytes=0-1' })
    assert.equal(full?.heldMs, 2500)
    assert.equal(bare?.path, '/things/a/parts/1')
    assert.equal(bare?.heldMs, 0)
  })

  test('a client sends JSON as JSON and bytes as bytes', async () => {
    const { client, requests } = clientOf({ status: 201, text: '"made"' })
    assert.equal((await client.post({ body: { n: 1 } })).body, 'made')
    assert.equal(requests[0]?.body, '{"n":1}')
    assert.equal(requests[0]?.headers['content-type'], 'application/json')
    assert.equal(requests[0]?.idempotent, false)

    const uploads = clientOf({ text: '' })
    const bytes = Buffer.from('x')
    await uploads.client.upload({ headers: {}, body: bytes })
    await uploads.client.upload({ headers: { 'content-type': 'image/png' }, body: bytes })
    assert.equal(uploads.requests[0]?.body, bytes)
    assert.deepEqual(
      uploads.requests.map(({ headers }) => headers['content-type']),
      ['application/octet-stream', 'image/png'],
    )
    assert.equal(uploads.requests[0]?.idempotent, true)
  })

  test('a client answers every status of the contract as a value', async () => {
    const call = { params: { id: 'a', part: 1 }, querystring: {}, headers: {} }
    const found = await clientOf({ headers: { etag: '"1"' } }).client.get(call)
    assert.deepEqual([found.status, found.body, found.headers.etag], [200, { name: 'x' }, '"1"'])
    const empty = await clientOf({ status: 204, text: '' }).client.get(call)
    assert.deepEqual([empty.status, empty.body], [204, undefined])
    const problem = { type: problemType('gone'), title: 'Gone', status: 404 }
    const type = 'application/problem+json; charset=utf-8'
    const missing = await clientOf({ status: 404, type, text: JSON.stringify(problem) }).client.get(call)
    assert.deepEqual(missing.body, problem)
    const text = await clientOf({ status: 201, type: 'text/plain', text: '7' }).client.post({
      body: { n: 1 },
    })
    assert.equal(text.body, '7')
  })

  test('a client passes bytes on as a stream', async () => {
    const { client } = clientOf({ type: 'image/png', text: '{"not":"json"}' })
    const { body } = await client.getKey({ params: { '*': 'a' } })
    assert.equal(Buffer.concat(await Array.fromAsync(body)).toString(), '{"not":"json"}')
  })

  test('a client throws a status that the contract does not declare, with the problem and Retry-After', async () => {
    const problem = { type: problemType('busy'), title: 'Busy', status: 503, detail: 'too much to do' }
    const { client } = clientOf({
      status: 503,
      text: JSON.stringify(problem),
      headers: { 'retry-after': '7' },
    })
    await assert.rejects(client.post({ body: { n: 1 } }), (error: unknown) => {
      assert.ok(error instanceof UnexpectedReply)
      assert.deepEqual([error.status, error.code, error.retryAfter], [503, 'busy', '7'])
      assert.match(error.message, /POST \/things answered 503: too much to do/)
      return true
    })
  })

  test('a client throws a response that is not a problem document, with the beginning of its text', async () => {
    for (const text of ['<h1>Bad gateway</h1>', '', 'null', '[]', '{"type":1}']) {
      const { client } = clientOf({ status: 502, type: 'text/html', text })
      await assert.rejects(client.post({ body: { n: 1 } }), (error: unknown) => {
        assert.ok(error instanceof UnexpectedReply)
        assert.deepEqual([error.status, error.problem, error.code], [502, undefined, undefined])
        assert.ok(error.message.includes(text))
        return true
      })
    }
  })
})
