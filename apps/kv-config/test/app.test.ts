import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNeedsToken, assertProblem, breakDisk, fillDisk } from '@darkroom/testing'
import { buildTestApp, openStore } from './build-test-app.ts'

const clusterToken = 'a-token-of-the-whole-cluster'
const internalRoutes = [
  ['GET', '/key/a'],
  ['PUT', '/key/a'],
  ['POST', '/key/a'],
  ['DELETE', '/key/a'],
  ['GET', '/keys'],
  ['GET', '/cluster'],
  ['POST', '/cluster/members'],
  ['DELETE', '/cluster/members/a'],
  ['GET', '/metrics'],
  ['GET', '/openapi.json'],
] as const

for (const [method, url] of internalRoutes) {
  test(`${method} ${url} requires the cluster token`, t =>
    assertNeedsToken(buildTestApp(t, { clusterToken }), { method, url }, clusterToken))
}

test('nothing is written without the token', async t => {
  const store = openStore(t)
  const app = buildTestApp(t, { clusterToken, store })
  await app.inject({ method: 'PUT', url: '/key/a', body: 'one' })
  assert.equal((await store.get('a')).entry, undefined)
})

test('/healthz and /readyz need no token', async t => {
  const app = buildTestApp(t, { clusterToken })
  assert.deepEqual((await app.inject('/healthz')).json(), { status: 'alive' })
  assert.deepEqual((await app.inject('/readyz')).json(), { status: 'ready' })
})

test('fault: the disk is full: a write returns 503 with Retry-After, and succeeds when there is room', async t => {
  const app = buildTestApp(t)
  const makeRoom = fillDisk(t)
  const write = () => app.inject({ method: 'PUT', url: '/key/a', body: 'one' })
  const refused = await write()
  assertProblem(refused, 503, 'store-full')
  assert.equal(refused.headers['retry-after'], '30')
  assert.equal((await app.inject('/key/a')).statusCode, 404)
  makeRoom()
  assert.equal((await write()).statusCode, 201)
})

test('fault: the disk fails: kv-config is not ready until a restart, refuses writes with 503, and reads continue', async t => {
  const app = buildTestApp(t)
  const write = () => app.inject({ method: 'PUT', url: '/key/a', body: 'one' })
  assert.equal((await write()).statusCode, 201)
  breakDisk(t)
  assertProblem(await app.inject({ method: 'PUT', url: '/key/a', body: 'two' }), 503, 'store-full')
  assertProblem(await app.inject('/readyz'), 503, 'unavailable')
  assertProblem(await write(), 503, 'unavailable')
  assert.equal((await app.inject('/key/a')).body, 'one')
})

test('fault: kv-config is alive but not ready while its store does not answer', async t => {
  const store = openStore(t)
  const app = buildTestApp(t, { store })
  t.mock.method(store, 'revision', () => Promise.reject(new Error('disk I/O error')))
  assert.equal((await app.inject('/healthz')).statusCode, 200)
  const response = await app.inject('/readyz')
  assert.ok(response.statusCode >= 500)
  assert.doesNotMatch(response.body, /disk/)
})

test('metrics count requests by route, not by key', async t => {
  const app = buildTestApp(t)
  await app.inject({ method: 'PUT', url: '/key/secret/name', body: 'one' })
  const { body } = await app.inject('/metrics')
  assert.match(body, /http_request_duration_seconds_count\{method="PUT",route="\/key\/\*",status="201"\} 1/)
  assert.doesNotMatch(body, /secret/)
})

test('the contract names every path', async t => {
  const app = buildTestApp(t)
  const { paths } = (await app.inject('/openapi.json')).json()
  for (const path of ['/keys', '/cluster', '/cluster/members', '/healthz']) assert.ok(paths[path], path)
})

test('a store with one member lists only itself, and refuses to add others', async t => {
  const app = buildTestApp(t)
  assert.deepEqual((await app.inject('/cluster')).json(), { members: [] })
  const body = { urls: ['http://127.0.0.1:2380'] }
  assertProblem(await app.inject({ method: 'POST', url: '/cluster/members', body }), 501, 'not-clustered')
  assertProblem(await app.inject({ method: 'DELETE', url: '/cluster/members/a' }), 501, 'not-clustered')
})

test('the members of a clustered store can be listed, added and removed', async t => {
  const store = openStore(t)
  const members = [{ id: '1', name: 'one', urls: ['http://127.0.0.1:2380'] }]
  const cluster = {
    members: async () => ({ leader: '1', members }),
    add: async (urls: string[]) => ({ id: urls.join() }),
    remove: async (id: string) => id === '1',
  }
  const app = buildTestApp(t, { store: Object.assign(store, { cluster }) })
  assert.deepEqual((await app.inject('/cluster')).json(), { leader: '1', members })
  const added = await app.inject({ method: 'POST', url: '/cluster/members', body: { urls: ['http://b:1'] } })
  assert.deepEqual([added.statusCode, added.json()], [201, { id: 'http://b:1' }])
  const nowhere = await app.inject({ method: 'POST', url: '/cluster/members', body: { urls: [] } })
  assertProblem(nowhere, 400, 'invalid-request')
  assert.equal((await app.inject({ method: 'DELETE', url: '/cluster/members/1' })).statusCode, 204)
  const unknown = await app.inject({ method: 'DELETE', url: '/cluster/members/2' })
  assertProblem(unknown, 404, 'member-not-found')
})
