import assert from 'node:assert/strict'
import { after, suite, type TestContext, test } from 'node:test'
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
import { logger } from '@darkroom/image-master/testing'
import { createLogger, loadConfig } from '@darkroom/service-kit'
import { assertProblem, generateImage, httpRequest, RecordedLog } from '@darkroom/testing'
import { Config, start } from '../src/start.ts'
import { startFrontend } from './start-frontend.ts'

const clusterToken = 'a-token-of-the-whole-cluster'
const { app } = await startFrontend({ after }, { CLUSTER_TOKEN: clusterToken })

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

  test('the contract requires a key for all routes except the public ones', () => {
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

  test('the contract explains each event of the streams, of which only those of all images are limited', () => {
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

suite('access', () => {
  test('only the metrics require the cluster token', async () => {
    assert.equal((await app.inject('/images')).statusCode, 200)
    assert.equal((await app.inject('/readyz')).statusCode, 200)
    assertProblem(await app.inject('/metrics'), 401, 'unauthorized')
    const headers = { authorization: `Bearer ${clusterToken}` }
    assert.equal((await app.inject({ url: '/metrics', headers })).statusCode, 200)
  })

  /** A frontend on all addresses, as `start` makes it. */
  async function startEverywhere(t: TestContext, settings: Record<string, string>) {
    const { env } = await startFrontend(t)
    const log = new RecordedLog()
    const config = loadConfig(Config, { ...env, HOST: '0.0.0.0', CLUSTER_TOKEN: clusterToken, ...settings })
    const frontend = await start(config, createLogger('frontend', 'warn', log))
    t.after(frontend.close)
    const { port, host } = new URL(frontend.url)
    const ask = (path: string) => httpRequest(`http://127.0.0.1:${port}`, path, { headers: { host } })
    return { ask, words: log.lines.map(({ msg }) => String(msg)).join('\n') }
  }

  test('outside of loopback the frontend requires a key, and logs how to make the first', async t => {
    const { ask, words } = await startEverywhere(t, {})
    assert.match(words, /darkroom keys create/)
    assert.equal((await ask('/readyz')).status, 200)
    const { status, json } = await ask('/images')
    assert.equal(status, 401)
    assert.match(String(json().detail), /there is no key yet.+npx darkroom keys create --role operator/)
  })

  test('AUTH=open opens the frontend on any address, with a warning in the log', async t => {
    const { ask, words } = await startEverywhere(t, { AUTH: 'open' })
    assert.match(words, /AUTH=open: every client that can reach this address can use Darkroom/)
    assert.equal((await ask('/images')).status, 200)
  })

  test('ALLOW_ANONYMOUS still opens the frontend, with a deprecation warning', async t => {
    const { ask, words } = await startEverywhere(t, { ALLOW_ANONYMOUS: 'true' })
    assert.match(words, /ALLOW_ANONYMOUS is deprecated; set AUTH=open/)
    assert.equal((await ask('/images')).status, 200)
  })

  test('a container requires keys unless its port is published only on loopback', async t => {
    const local = await startEverywhere(t, { PUBLISHED_ON: '127.0.0.1' })
    assert.deepEqual([(await local.ask('/images')).status, local.words], [200, ''])
    const shared = await startEverywhere(t, { PUBLISHED_ON: '0.0.0.0' })
    assert.equal((await shared.ask('/images')).status, 401)
  })

  test('the frontend starts on loopback, is registered, and closes', async t => {
    const { env, clients } = await startFrontend(t)
    const frontend = await start(loadConfig(Config, env), logger)
    t.after(frontend.close)
    assert.equal((await fetch(`${frontend.url}/healthz`)).status, 200)
    await frontend.close()
    await assert.rejects(fetch(frontend.url))
    const { body } = await clients.kv.listKeys({ querystring: { prefix: 'services/frontend/' } })
    assert.deepEqual(body.keys, [])
  })
})

suite('dependencies', () => {
  test('fault: while a service does not answer, the frontend is alive but not ready, and names it', async t => {
    for (const name of ['master', 'taskDb', 'storage'] as const) {
      const frontend = await startFrontend(t)
      assert.equal((await frontend.ask('/readyz')).status, 200)
      await frontend[name].close()
      assert.equal((await frontend.ask('/healthz')).status, 200)
      const { status, headers, json } = await frontend.ask('/readyz')
      assert.equal(status, 503)
      assert.ok(Number(headers['retry-after']) > 0)
      assert.match(String(json().detail), new RegExp(frontend[name].name))
    }
  })

  test('fault: without a master, uploads return 503 with Retry-After long before a client gives up', async t => {
    const startedAt = performance.now()
    const frontend = await startFrontend(t)
    await frontend.master.close()
    const body = await generateImage({ kind: 'png', width: 4, height: 3, seed: 1 })
    for (const path of ['/images', '/newImage']) {
      const { status, headers } = await frontend.ask(path, { method: 'POST', body })
      assert.equal(status, 503)
      assert.ok(Number(headers['retry-after']) > 0)
    }
    assert.equal((await frontend.ask('/image/isReady?id=x')).status, 503)
    assert.ok(performance.now() - startedAt < 30_000)
  })
})

test('errors of the framework are problem documents, too', async () => {
  assertProblem(await app.inject('/nowhere'), 404, 'no-such-route')
  assertProblem(await app.inject({ method: 'PUT', url: '/images' }), 405, 'method-not-allowed')
  assertProblem(await app.inject('/images/%ff'), 400, 'invalid-request')
})
