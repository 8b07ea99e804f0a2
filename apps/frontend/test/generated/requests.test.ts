// Not for test:quick: so few requests would reach neither a 200 nor a 404.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { frontendRoutes, type Route } from '@darkroom/contracts'
import { generateImage } from '@darkroom/testing'
import fc from 'fast-check'
import { startFrontend } from '../start-frontend.ts'
import { arbitraryOf, type Schema } from './arbitrary-of.ts'

/** `GENERATED_REQUESTS=20000 npx node --test …` tries more. */
const requests = Number(process.env.GENERATED_REQUESTS ?? 300)

/** Headers that a client may send to any route. */
const commonHeaders = fc.record(
  {
    accept: fc.constantFrom('*/*', 'application/json', 'text/event-stream', 'x'),
    'accept-encoding': fc.constantFrom('gzip', 'br;q=0', '*'),
    cookie: fc.constantFrom('a=b', 'darkroom=x', ';;='),
    'idempotency-key': fc.string({ maxLength: 300 }),
    'if-match': fc.constantFrom('*', '"x"', 'W/"x"', 'x'),
    'if-none-match': fc.constantFrom('*', '"x"', 'x'),
    'if-modified-since': fc.constantFrom('x', 'Thu, 01 Jan 1970 00:00:00 GMT'),
    'if-range': fc.constantFrom('"x"', 'x'),
    'last-event-id': fc.string({ maxLength: 20 }),
    prefer: fc.constantFrom('wait=0', 'wait', 'wait=-1', 'respond-async, wait=0', '=;,'),
    range: fc.constantFrom('bytes=0-', 'bytes=5-1', 'bytes=-1,2-', 'bytes=0-1,3-4', 'x'),
    'tus-resumable': fc.constantFrom('1.0.0', '0.2.2'),
    'upload-length': fc.constantFrom('0', '5', '-1', '99999999999999999999', 'x'),
    'upload-metadata': fc.constantFrom('filename eA==', 'operations cmVzaXpl', ',,', 'a b c'),
    'upload-offset': fc.constantFrom('0', '3', '-1', 'x'),
  },
  { requiredKeys: [] },
)

/** Refused before anything else is read, and therefore rare. */
const refusedEarly = fc.option(
  fc.oneof(
    fc.record({ origin: fc.constantFrom('null', 'https://foreign.example', 'x') }),
    fc.record({ authorization: fc.constantFrom('Bearer x', 'Bearer dk_x_y', 'Basic eDp5', '') }),
  ),
  { nil: {}, freq: 20 },
)

const png = await generateImage({ kind: 'png', width: 8, height: 6, seed: 1 })
const contentTypes = [
  'application/json',
  'image/png',
  'application/octet-stream',
  'application/offset+octet-stream',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'application/x-www-form-urlencoded',
  'text/plain',
  'x',
]

const frontend = await startFrontend({ after }, { MAX_QUEUED: '1000000' })
const uploaded = await frontend.ask('/images', { method: 'POST', body: png })
const id = String(uploaded.json().id)

const objectOf = (schema: object | undefined) =>
  fc.record(
    Object.fromEntries(
      Object.entries((schema as Schema | undefined)?.properties ?? {}).map(([name, each]) => [
        name,
        fc.option(arbitraryOf(each), { nil: undefined, freq: 3 }),
      ]),
    ),
  )

/** Requests to a route, from its contract. */
function requestsTo(route: Route) {
  const { params, querystring, headers, body } = route.schema
  const json: fc.Arbitrary<string> = body
    ? arbitraryOf(body as Schema).map(value => JSON.stringify(value) ?? '')
    : fc.constant('{}')
  return fc.record({
    route: fc.constant(route),
    params: objectOf(params),
    isKnown: fc.boolean(),
    query: objectOf(querystring),
    headers: fc
      .tuple(objectOf(headers), commonHeaders, refusedEarly)
      .map(all => Object.assign({}, ...all) as Record<string, unknown>),
    contentType: fc.option(fc.constantFrom(...contentTypes), { freq: 8 }),
    body: fc.option(
      fc.oneof(
        json,
        fc.constant(png),
        fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
      ),
      { freq: 4 },
    ),
  })
}

// Event streams last until the client hangs up; they have tests of their own.
const routes = Object.values(frontendRoutes).filter(({ url }) => !url.endsWith('/events'))

const textOf = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

// `startFrontend` compares every status with the contract of the route that answered.
test('generated requests get a documented status, and never a 5xx', { timeout: 3_600_000 }, async () => {
  const seen = new Map<number, number>()
  const anyRequest = fc.oneof(...routes.map(requestsTo))
  await fc.assert(
    fc.asyncProperty(anyRequest, async ({ route, params, isKnown, query, headers, contentType, body }) => {
      const path = route.url.replace(/:(\w+)/g, (_, name) =>
        encodeURIComponent(isKnown && name === 'id' ? id : textOf(params[name] ?? 'x').toWellFormed()),
      )
      const search = new URLSearchParams()
      for (const [name, value] of Object.entries(query))
        if (value !== undefined) search.append(name, textOf(value))
      const sent: Record<string, string> = {}
      // The HTTP parser refuses a wrong length before the app sees it; `inject` has no parser.
      for (const [name, value] of Object.entries(headers))
        if (value !== undefined && name !== 'content-length')
          sent[name] = textOf(value).replace(/[^\x20-\x7e]/g, '')
      if (contentType !== null) sent['content-type'] = contentType
      const url = `${path}?${search}`
      const answer = await frontend.app.inject({
        method: route.method,
        url,
        headers: sent,
        ...(body !== null && { payload: body }),
      })
      const { statusCode } = answer
      seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1)
      assert.ok(
        statusCode < 500,
        `${route.method} ${url} answers ${statusCode}: ${answer.body.slice(0, 300)}`,
      )
    }),
    { numRuns: requests },
  )
  assert.ok((seen.get(200) ?? 0) > 0 && (seen.get(404) ?? 0) > 0, JSON.stringify([...seen]))
  if (process.env.GENERATED_REQUESTS !== undefined) process.stdout.write(`${JSON.stringify([...seen])}\n`)
})
