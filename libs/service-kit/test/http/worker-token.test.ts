import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import {
  clusterStateRoutes,
  imageMasterRoutes,
  kvConfigRoutes,
  type Route,
  storageRoutes,
  taskDbRoutes,
} from '@darkroom/contracts'
import type { Api } from '../../src/http/api.ts'
import { deriveWorkerToken } from '../../src/http/worker-token.ts'
import { buildApp, problemOf } from '../app.ts'

const clusterToken = 'a-token-of-the-whole-cluster'
const workerToken = deriveWorkerToken(clusterToken)
const services: Record<string, Record<string, Route>> = {
  'cluster-state': clusterStateRoutes,
  'image-master': imageMasterRoutes,
  'kv-config': kvConfigRoutes,
  storage: storageRoutes,
  'task-db': taskDbRoutes,
}
/** All routes that a worker may call, repeated here so that a route that is opened by mistake is noticed. */
const openToWorkers = [
  ...['getWork', 'extendWork', 'workFinished', 'workFailed', 'workReturned'].map(
    name => `image-master ${name}`,
  ),
  ...['setKey', 'postKey', 'deleteKey', 'listKeys'].map(name => `kv-config ${name}`),
  ...['putBlob', 'postBlob', 'getBlob', 'headBlob'].map(name => `storage ${name}`),
]

function appOf(t: TestContext, routes: Record<string, Route>) {
  const handlers = Object.fromEntries(Object.keys(routes).map(name => [name, async () => ({ status: 204 })]))
  const throwProblem = (error: unknown): never => {
    throw error
  }
  const api: Api = { routes, handlers, throwProblem }
  const { app } = buildApp(t, { clusterToken, api })
  return (method: Route['method'], url: string, token = workerToken) =>
    app.inject({ method, url, headers: { authorization: `Bearer ${token}` } })
}

/** The URL of a route, with parameters that no worker needs. */
function urlOf({ url }: Route): string {
  return url.replace(':stage', 'none').replace('*', 'config/x').replaceAll(/:\w+/g, 'x')
}

suite('the worker token', () => {
  test('the worker token is derived from the cluster token, the same everywhere, and differs from it', () => {
    assert.equal(deriveWorkerToken(clusterToken), workerToken)
    assert.notEqual(deriveWorkerToken(`${clusterToken}x`), workerToken)
    assert.ok(!workerToken.includes(clusterToken) && workerToken.length >= 16)
  })

  test('the worker token opens no route that its contract does not give to workers', async t => {
    for (const [service, routes] of Object.entries(services)) {
      const ask = appOf(t, routes)
      for (const [name, route] of Object.entries(routes)) {
        const isOpen = openToWorkers.includes(`${service} ${name}`)
        assert.equal(route.worker !== undefined, isOpen, `${service} ${name}`)
        if (route.worker === true) continue
        const response = await ask(route.method, urlOf(route))
        assert.equal(response.statusCode, 403, `${service} ${name}`)
        if (route.method !== 'HEAD') assert.equal(problemOf(response), 'not-for-workers')
        assert.ok(
          ![401, 403].includes((await ask(route.method, urlOf(route), clusterToken)).statusCode),
          name,
        )
      }
      for (const url of ['/metrics', '/openapi.json']) assert.equal((await ask('GET', url)).statusCode, 403)
    }
  })

  test('the worker token opens work, originals, results, registrations and the worker’s own registration', async t => {
    const asks = Object.fromEntries(
      Object.entries(services).map(([name, routes]) => [name, appOf(t, routes)] as const),
    )
    const statusOf = async (service: string, method: Route['method'], url: string) =>
      (await asks[service]?.(method, url))?.statusCode
    for (const [service, method, url] of [
      ['image-master', 'GET', '/getWork?worker=w'],
      ['storage', 'GET', '/images/x/pre'],
      ['storage', 'PUT', '/images/x/post?fence=1'],
      ['kv-config', 'GET', '/keys?prefix=services%2Fstorage%2F'],
      ['kv-config', 'PUT', '/key/services/image-worker/a?ttl=10'],
      ['kv-config', 'DELETE', '/key/services/image-worker/a'],
    ] as const)
      assert.equal(await statusOf(service, method, url), 204, url)
    for (const [service, method, url] of [
      ['storage', 'GET', '/images/x/post'],
      ['storage', 'PUT', '/images/x/pre'],
      ['storage', 'GET', '/images/x/pr%65%00'],
      ['kv-config', 'GET', '/keys'],
      ['kv-config', 'GET', '/keys?prefix=secrets/'],
      ['kv-config', 'GET', '/keys?prefix=services/&prefix=secrets/'],
      ['kv-config', 'GET', '/key/services/storage/a'],
      ['kv-config', 'PUT', '/key/services/storage/a'],
      ['kv-config', 'PUT', '/key/%2e%2e/keys/a'],
      ['kv-config', 'DELETE', '/key/keys/a'],
    ] as const)
      assert.notEqual(await statusOf(service, method, url), 204, url)
  })

  test('the worker token protects the worker itself; the cluster token opens it, too', async t => {
    const { app } = buildApp(t, { clusterToken: workerToken })
    const statusOf = async (token: string) =>
      (await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${token}` } })).statusCode
    assert.deepEqual(
      [
        await statusOf(workerToken),
        await statusOf(clusterToken),
        await statusOf('another token'),
        await statusOf(''),
      ],
      [200, 200, 401, 401],
    )
  })
})
