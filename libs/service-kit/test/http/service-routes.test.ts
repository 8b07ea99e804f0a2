import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frontendRoutes, storageRoutes } from '@darkroom/contracts'
import { ServiceUnavailable } from '../../src/problems/problems.ts'
import { buildApp, problemOf } from '../app.ts'

test('a service is alive but not ready when a dependency does not answer', async t => {
  const { app } = buildApp(t, {
    checkReady: async () => {
      throw new ServiceUnavailable('task-db', new Error('away'))
    },
  })
  assert.deepEqual((await app.inject('/healthz')).json(), { status: 'alive' })
  const ready = await app.inject('/readyz')
  assert.equal(ready.statusCode, 503)
  assert.equal(problemOf(ready), 'unavailable')
})

test('metrics count requests by their route, not by their path', async t => {
  const { app } = buildApp(t)
  app.get('/things/:id', async () => 'x')
  for (const url of ['/things/1', '/things/2', '/nothing/3']) await app.inject(url)
  const { headers, body } = await app.inject('/metrics')
  assert.match(String(headers['content-type']), /^text\/plain/)
  const count = (route: string) =>
    new RegExp(`http_request_duration_seconds_count\\{.*route="${route}".*\\} (\\d+)`).exec(body)?.[1]
  assert.equal(count('/things/:id'), '2')
  assert.equal(count('unknown'), '1')
  assert.doesNotMatch(body, /things\/1/)
})

test('OpenAPI is generated from the contracts', async t => {
  const { app } = buildApp(t)
  const handler = async () => {
    throw new Error('this handler must not be called')
  }
  app.register(async scope => {
    scope.route({ ...storageRoutes.putBlob, handler })
    scope.route({ ...storageRoutes.deleteBlob, handler })
    scope.route({ ...frontendRoutes.createLinks, handler })
  })
  const document = (await app.inject('/openapi.json')).json()
  assert.equal(document.openapi, '3.1.0')
  assert.deepEqual(Object.keys(document.paths['/images/{key}/{stage}']).sort(), ['delete', 'put'])
  const put = document.paths['/images/{key}/{stage}'].put
  assert.equal(put.summary, storageRoutes.putBlob.schema.summary)
  assert.deepEqual(Object.keys(put.responses), ['201', '401', '409', '412', '413', '503', 'default'])
  assert.deepEqual(put.responses.default, { $ref: '#/components/responses/Problem' })
  const problem = document.components.responses.Problem.content['application/problem+json'].schema
  assert.deepEqual(problem, { $ref: '#/components/schemas/Problem' })
  assert.equal(document.components.schemas.Problem.properties.status.type, 'integer')
  assert.equal(put.operationId, 'putImagesKeyStage')
  const parameters = put.parameters.map(
    (parameter: { in: string; name: string }) => `${parameter.in} ${parameter.name}`,
  )
  for (const name of ['path key', 'path stage', 'query fence']) assert.ok(parameters.includes(name), name)
  assert.equal(put.requestBody.required, true)
  assert.equal(document.paths['/images/{id}/links'].post.requestBody.required, false)
  assert.ok('/healthz' in document.paths)
  assert.ok(!('/openapi.json' in document.paths))
})
