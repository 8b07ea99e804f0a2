import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import {
  frontendRoutes,
  ImageFacts,
  ImageRequest,
  ImageStatus,
  imageEvents,
  NewKey,
  Problem,
  problemRemedies,
  problemType,
} from '@darkroom/contracts'
import { type TSchema, Value } from '@darkroom/contracts/typebox'
import { startFrontend } from '../start-frontend.ts'

const { app } = await startFrontend({ after })

suite('the contract', async () => {
  const document = (await app.inject('/openapi.json')).json()

  for (const { method, url, schema } of Object.values(frontendRoutes)) {
    test(`the contract names ${method} ${url} with its parameters and responses`, () => {
      const path = url.replaceAll(/:([a-z]+)/g, '{$1}')
      const operation = document.paths[path]?.[method.toLowerCase()]
      assert.ok(operation)
      assert.equal(operation.summary, schema.summary)
      for (const status of Object.keys(schema.response)) assert.ok(operation.responses[status], status)
      const inPath = [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name)
      const parameters: { name: string; in: string; required?: boolean; schema: object }[] =
        operation.parameters ?? []
      const named = parameters.filter(parameter => parameter.in === 'path')
      assert.deepEqual(
        named.map(({ name }) => name),
        inPath,
      )
      assert.ok(named.every(({ required }) => required))
      assert.ok(
        parameters.every(parameter => parameter.schema && ['path', 'query', 'header'].includes(parameter.in)),
      )
    })
  }

  test('a status that the contract names also has the problems with which every route may answer it', () => {
    const problemsOf = (path: string, method: string, status: number) =>
      Object.keys(document.paths[path][method].responses[status].content['application/problem+json'].examples)
    const ofUpload = (status: number) => problemsOf('/images', 'post', status)
    assert.deepEqual(
      [403, 415, 503].map(status => ofUpload(status).slice(0, 2)),
      [
        ['not-with-a-grant', 'grant-used-up'],
        ['not-an-image', 'not-decodable'],
        ['too-many-uploads', 'no-worker'],
      ],
    )
    assert.ok(ofUpload(403).includes('cross-site') && ofUpload(503).includes('keys-unknown'))
    assert.ok(ofUpload(415).includes('unsupported-content-encoding'))
    assert.ok(ofUpload(429).includes('too-many-requests'))
    assert.ok(!ofUpload(404).includes('no-such-route'))
    assert.deepEqual(problemsOf('/metrics', 'get', 401), ['unauthorized'])
  })

  test('the contract describes every tag in its own words', () => {
    for (const { name, description } of document.tags) assert.doesNotMatch(description, /^Routes under/, name)
  })

  test('the contract requires a key for all routes except public routes', () => {
    const { bearer } = document.components.securitySchemes
    assert.deepEqual([bearer.type, bearer.scheme, document.security], ['http', 'bearer', [{ bearer: [] }]])
    const open = Object.entries(document.paths as Record<string, Record<string, { security?: unknown[] }>>)
      .filter(([, item]) => Object.values(item).some(({ security }) => security?.length === 0))
      .map(([path]) => path)
    // OPTIONS answers which parts of tus the server supports.
    const expected = ['/healthz', '/readyz', '/session', '/uploads', '/uploads/{id}']
    assert.deepEqual(open.filter(path => !path.startsWith('/signed/{signature}/')).sort(), expected)
  })

  test('the contract has examples that its schemas allow', () => {
    const schemas: Record<string, TSchema> = { ImageFacts, ImageRequest, ImageStatus, NewKey, Problem }
    const described = Object.entries(document.components.schemas as Record<string, { examples?: unknown[] }>)
    const found = described.flatMap(([name, { examples = [] }]) =>
      examples.map(each => [name, each] as const),
    )
    assert.deepEqual(found.map(([name]) => name).sort(), Object.keys(schemas).sort())
    for (const [name, example] of found) {
      const [mistake] = Value.Errors(schemas[name] ?? {}, example)
      assert.equal(mistake, undefined, `${name}: ${JSON.stringify(mistake)}`)
    }
  })

  test('the contract explains each event of the streams; only the streams of all images are limited', () => {
    const [ofOne, ofAll] = ['/images/{id}/events', '/images/events'].map(path => document.paths[path].get)
    const texts = JSON.stringify([ofOne, ofAll])
    for (const event of imageEvents) assert.ok(texts.includes(`\`${event}\``), event)
    const isLimited = [ofOne, ofAll].map(each => JSON.stringify(each).includes('too-many-streams'))
    assert.deepEqual(isLimited, [false, true])
  })

  test('the contract describes images as bytes, which generated clients must not read as text or JSON', () => {
    const bytes = { schema: { type: 'string', format: 'binary' } }
    const { get } = document.paths['/images/{id}/result']
    assert.deepEqual(get.responses[200].content, { 'image/*': bytes })
    assert.deepEqual(document.paths['/images'].post.requestBody.content['image/*'], bytes)
    assert.deepEqual(document.paths['/images/archive'].get.responses[200].content, {
      'application/zip': bytes,
    })
  })

  test('the contract has an example of each problem that a route can answer, with what to do', () => {
    const { 404: missing } = document.paths['/images/{id}'].get.responses
    const example = {
      summary: problemRemedies['image-not-found'],
      value: { type: problemType('image-not-found'), title: 'Image not found', status: 404 },
    }
    const schema = { $ref: '#/components/schemas/Problem' }
    assert.deepEqual(missing.content, {
      'application/problem+json': { schema, examples: { 'image-not-found': example } },
    })
    const { examples } = document.components.responses.Problem.content['application/problem+json']
    assert.equal(examples['too-many-requests'].value.status, 429)
  })

  test('the contract is well-formed OpenAPI 3.1', () => {
    assert.match(document.openapi, /^3\.1\.\d+$/)
    assert.ok(document.info.title && document.info.version)
    for (const [path, item] of Object.entries(document.paths) as [string, object][]) {
      assert.ok(path.startsWith('/') && !path.includes(':'), path)
      for (const [method, operation] of Object.entries(item)) {
        assert.ok(['get', 'head', 'post', 'put', 'patch', 'delete', 'options'].includes(method), method)
        const responses = Object.entries(operation.responses) as [
          string,
          { description?: string; content?: object; $ref?: string },
        ][]
        assert.ok(responses.length > 0)
        for (const [status, response] of responses) {
          const shared = document.components.responses[response.$ref?.split('/').at(-1) ?? '']
          const { description, content } = shared ?? response
          assert.match(status, /^([1-5]\d\d|default)$/)
          assert.equal(typeof description, 'string')
          if (method === 'head') assert.equal(content, undefined, path)
        }
      }
    }
    for (const reference of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const keys = String(reference[1]).split('/')
      assert.ok(
        keys.reduce((at, key) => at?.[key], document),
        reference[1],
      )
    }
  })
})
