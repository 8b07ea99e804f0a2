// Slow: it sends many generated requests.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { isBytes, type Route } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import fc from 'fast-check'
import { arbitraryOf, type Schema } from './arbitrary-of.ts'
import {
  type CallerKind,
  type OperationId,
  operations,
  type RightRequest,
  startWorld,
} from './right-requests.ts'

/** `GENERATED_REQUESTS=20000 npx node --test …` tries more. */
const requests = Number(process.env.GENERATED_REQUESTS ?? 300)
const world = await startWorld({ after })
const { app, url, ask } = world.frontend

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

// With an empty id, the path would be `/images//events`, which is the endless stream of all images.
function pathOf(
  route: Route,
  params: Record<string, unknown> = {},
  query: Record<string, unknown> = {},
): string {
  const path = route.url.replace(/:(\w+)/g, (_, name) =>
    encodeURIComponent((textOf(params[name]) || 'x').toWellFormed()),
  )
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) search.append(name, textOf(value))
  return search.size === 0 ? path : `${path}?${search}`
}

function send(route: Route, path: string, { headers = {}, body }: RightRequest) {
  return app.inject({
    method: route.method,
    url: path,
    headers: { host: 'localhost', ...headers },
    ...(body !== undefined && { payload: Buffer.from(body) }),
  })
}

/** The response to a request for events, which lasts until the client hangs up. */
async function beginStream(path: string, headers: Record<string, string>) {
  const hangUp = new AbortController()
  const { status, headers: answered } = await fetch(`${url}${path}`, { headers, signal: hangUp.signal })
  hangUp.abort()
  return { statusCode: status, headers: Object.fromEntries(answered), body: '' }
}

type Responses = Record<string, { content?: Record<string, unknown> }>

function isOfType(given: string, described: string): boolean {
  const [type = ''] = given.split(';')
  return described.endsWith('/*') ? type.startsWith(described.slice(0, -1)) : type === described
}

/** Runs each operation of the OpenAPI document, as `redocly respect` does, and compares responses with the contract. */
test('every operation of openapi.json answers 2xx, with a body that its contract allows', async () => {
  const { paths } = (await ask('/openapi.json')).json() as {
    paths: Record<string, Record<string, { operationId: string; responses: Responses }>>
  }
  const described = new Map(
    Object.values(paths)
      .flatMap(path => Object.values(path))
      .map(({ operationId, responses }) => [operationId, responses]),
  )
  assert.deepEqual([...described.keys()].sort(), Object.keys(operations).sort())
  for (const id of Object.keys(operations) as OperationId[]) {
    const route: Route = operations[id]
    const right = await world.rightRequest(id)
    const headers = { ...right.headers, ...(await world.credentials(world.callerFor(id))) }
    const path = pathOf(route, right.params, right.query)
    const answer =
      id === 'followImages'
        ? await beginStream(path, headers)
        : await send(route, path, { ...right, headers })
    const { statusCode, body } = answer
    assert.ok(statusCode >= 200 && statusCode < 300, `${id} answers ${statusCode}: ${body}`)
    const schema = route.schema.response[statusCode]
    assert.ok(schema, `${id} does not declare ${statusCode}`)
    const { content = {} } = described.get(id)?.[statusCode] ?? {}
    const type = String(answer.headers['content-type'] ?? '')
    assert.ok(
      type === '' ? body === '' : Object.keys(content).some(each => isOfType(type, each)),
      `${id} answers ${type}; described: ${Object.keys(content)}`,
    )
    if (/^application\/json/.test(String(answer.headers['content-type'])) && !isBytes(schema)) {
      const [mistake] = Value.Errors(schema, JSON.parse(body))
      assert.equal(mistake, undefined, `${id}: ${JSON.stringify(mistake)} in ${body}`)
    }
  }
})

test('every operation on an image or an upload returns 404 for the key of another owner', async () => {
  const ofOne = (Object.keys(operations) as OperationId[]).filter(
    id => /^\/(images|uploads)\/:id/.test(operations[id].url) && world.callerFor(id) === 'user',
  )
  assert.ok(ofOne.length >= 13, ofOne.join())
  for (const id of ofOne) {
    const right = await world.rightRequest(id)
    const headers = { ...right.headers, ...(await world.credentials('stranger')) }
    const { statusCode } = await send(operations[id], pathOf(operations[id], right.params), {
      ...right,
      headers,
    })
    assert.equal(statusCode, 404, id)
  }
})

/** Headers that a client may send to any route. */
const commonHeaders = fc.record(
  {
    accept: fc.constantFrom('*/*', 'application/json', 'text/event-stream', 'x'),
    'accept-encoding': fc.constantFrom('gzip', 'br;q=0', '*'),
    'content-type': fc.constantFrom(
      ...['application/json', 'image/png', 'application/octet-stream', 'application/offset+octet-stream'],
      ...['multipart/form-data; boundary=x', 'multipart/form-data', 'application/x-www-form-urlencoded'],
      ...['text/plain', 'x'],
    ),
    cookie: fc.constantFrom('a=b', 'darkroom=x', ';;='),
    'idempotency-key': fc.string({ maxLength: 300 }),
    'if-match': fc.constantFrom('*', '"x"', 'W/"x"', 'x'),
    'if-none-match': fc.constantFrom('*', '"x"', 'x'),
    'if-modified-since': fc.constantFrom('x', 'Thu, 01 Jan 1970 00:00:00 GMT'),
    'if-range': fc.constantFrom('"x"', 'x'),
    'last-event-id': fc.string({ maxLength: 20 }),
    prefer: fc.constantFrom('wait=0', 'wait', 'wait=-1', 'respond-async, wait=0', '=;,'),
    priority: fc.constantFrom('u=0', 'u=9', 'i', '?'),
    range: fc.constantFrom('bytes=0-', 'bytes=5-1', 'bytes=-1,2-', 'bytes=0-1,3-4', 'x'),
    'tus-resumable': fc.constantFrom('1.0.0', '0.2.2'),
    'upload-length': fc.constantFrom('0', '5', '-1', '99999999999999999999', 'x'),
    'upload-metadata': fc.constantFrom('filename eA==', 'operations cmVzaXpl', ',,', 'a b c'),
    'upload-offset': fc.constantFrom('0', '3', '-1', 'x'),
    'x-http-method-override': fc.constantFrom('PATCH', 'DELETE', 'GET', ''),
  },
  { requiredKeys: [] },
)

/** Refused before anything else is read, and therefore rare. */
const refusedEarly = fc.oneof(
  { weight: 30, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ origin: fc.constantFrom('null', 'https://foreign.example', 'x') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      authorization: fc.constantFrom('Bearer x', 'Bearer dk_x_y', 'Bearer dg_x.y.1.z', 'Basic eDp5', ''),
    }),
  },
)

/** Mostly undefined: then the part stays as in the right request. */
function rarely<T>(changed: fc.Arbitrary<T>, one: number): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { weight: one, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: changed as fc.Arbitrary<T | undefined> },
  )
}

function partsOf(schema: object | undefined, one: number) {
  return fc.record(
    Object.fromEntries(
      Object.entries((schema as Schema | undefined)?.properties ?? {}).map(([name, each]) => [
        name,
        rarely(arbitraryOf(each), one),
      ]),
    ),
  )
}

const callers: fc.Arbitrary<CallerKind | undefined> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom('user', 'operator', 'stranger', 'grant', 'session', 'nobody') },
)

/** Changes of the right request for a route, from its contract. */
function changesOf(id: OperationId) {
  const { params, querystring, headers, body } = (operations[id] as Route).schema
  const bodies = fc.oneof(
    {
      weight: body ? 3 : 1,
      arbitrary: arbitraryOf((body ?? {}) as Schema).map(value => Buffer.from(JSON.stringify(value) ?? '')),
    },
    { weight: 1, arbitrary: fc.constantFrom(Buffer.from(world.png), Buffer.from(world.png.subarray(0, 30))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)) },
  )
  return fc.record({
    id: fc.constant(id),
    caller: callers,
    params: partsOf(params, 8),
    query: partsOf(querystring, 3),
    headers: fc
      .tuple(partsOf(headers, 4), fc.oneof(fc.constant({}), fc.constant({}), commonHeaders), refusedEarly)
      .map(all => Object.assign({}, ...all) as Record<string, unknown>),
    body: rarely(bodies, 3),
  })
}

function given(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

// A response that lasts until the client hangs up, and the switch that refuses all uploads; the test above calls both.
const generated = (Object.keys(operations) as OperationId[]).filter(
  id => id !== 'followImages' && id !== 'setIntake',
)

// `startFrontend` compares every status with the contract of the route that answered.
test('generated requests get a documented status, and never a 5xx', { timeout: 7_200_000 }, async () => {
  const seen = new Map<number, number>()
  const anyRequest = fc.oneof(...generated.map(changesOf))
  await fc.assert(
    fc.asyncProperty(anyRequest, async ({ id, caller, params, query, headers, body }) => {
      const route: Route = operations[id]
      const right = await world.rightRequest(id)
      const credentials = await world.credentials(caller ?? world.callerFor(id))
      const sent: Record<string, string> = { ...right.headers, ...credentials }
      // The HTTP parser refuses a wrong length before the app sees it; `inject` has no parser.
      for (const [name, value] of Object.entries(given(headers)))
        if (name !== 'content-length') sent[name] = textOf(value).replace(/[^\x20-\x7e]/g, '')
      const path = pathOf(route, { ...right.params, ...given(params) }, { ...right.query, ...given(query) })
      const request = {
        headers: sent,
        ...((body ?? right.body) !== undefined && { body: body ?? right.body }),
      }
      const answer = await send(route, path, request as RightRequest)
      const { statusCode } = answer
      seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1)
      const message = `${id}: ${route.method} ${path} answers ${statusCode}: ${answer.body.slice(0, 300)}`
      assert.ok(statusCode < 500, message)
      if (statusCode >= 400 && route.method !== 'HEAD')
        assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, message)
    }),
    { numRuns: requests },
  )
  const share = (from: number, to: number) =>
    [...seen].reduce((sum, [status, count]) => (status >= from && status <= to ? sum + count : sum), 0) /
    requests
  if (process.env.GENERATED_REQUESTS !== undefined) process.stdout.write(`${JSON.stringify([...seen])}\n`)
  assert.ok(share(200, 299) > 0.3 && share(401, 403) < 0.2 && share(404, 404) > 0, JSON.stringify([...seen]))
})
