import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreUnavailable } from '@darkroom/service-kit'
import { assertNeedsToken, assertProblem, breakDisk, fillDisk, until } from '@darkroom/testing'
import { buildTestApp, openStore } from './build-test-app.ts'
import { claim, createTasks, leaseMs } from './conformance/open-engine.ts'
import { ManualClock, taskId } from './sample-tasks.ts'

const clusterToken = 'a-token-of-the-whole-cluster'
const internalRoutes = [
  ['POST', `/tasks/${taskId(1)}`],
  ['GET', `/tasks/${taskId(1)}`],
  ['DELETE', `/tasks/${taskId(1)}`],
  ['POST', `/tasks/${taskId(1)}/lease`],
  ['GET', '/tasks'],
  ['POST', '/tasks/claim'],
  ['POST', '/batch'],
  ['POST', '/tasks/unknown'],
  ['GET', '/stats'],
  ['GET', '/metrics'],
  ['GET', '/openapi.json'],
] as const

for (const [method, url] of internalRoutes) {
  test(`${method} ${url} requires the cluster token`, t =>
    assertNeedsToken(buildTestApp(t, { clusterToken }), { method, url }, clusterToken))
}

test('fault: the disk is full: writes return 503 with Retry-After, reads work, and writes again when there is room', async t => {
  const store = openStore(t)
  const app = buildTestApp(t, { store })
  await createTasks(store, 2)
  const makeRoom = fillDisk(t)
  const write = () => app.inject({ method: 'DELETE', url: `/tasks/${taskId(1)}` })
  const refused = await write()
  assertProblem(refused, 503, 'store-full')
  assert.equal(refused.headers['retry-after'], '30')
  assert.equal((await app.inject(`/tasks/${taskId(1)}`)).statusCode, 200)
  makeRoom()
  assert.equal((await write()).statusCode, 204)
})

test('fault: the disk fails: task-db is not ready until a restart, refuses writes with 503, and reads continue', async t => {
  const store = openStore(t)
  const app = buildTestApp(t, { store })
  await createTasks(store, 2)
  breakDisk(t)
  const write = () => app.inject({ method: 'DELETE', url: `/tasks/${taskId(1)}` })
  assertProblem(await write(), 503, 'unavailable')
  assertProblem(await app.inject('/readyz'), 503, 'unavailable')
  assertProblem(await write(), 503, 'unavailable')
  assert.equal((await app.inject(`/tasks/${taskId(1)}`)).statusCode, 200)
})

test('/healthz and /readyz need no token', async t => {
  const app = buildTestApp(t, { clusterToken })
  assert.deepEqual((await app.inject('/healthz')).json(), { status: 'alive' })
  assert.deepEqual((await app.inject('/readyz')).json(), { status: 'ready' })
})

test('fault: task-db is alive but not ready while its store does not answer', async t => {
  const store = openStore(t)
  const app = buildTestApp(t, { store })
  t.mock.method(store, 'stats', () => Promise.reject(new Error('disk I/O error')))
  assert.equal((await app.inject('/healthz')).statusCode, 200)
  const response = await app.inject('/readyz')
  assert.ok(response.statusCode >= 500)
  assert.doesNotMatch(response.body, /disk/)
})

test('fault: metrics work while the store does not answer, except the number of tasks', async t => {
  const store = openStore(t)
  const app = buildTestApp(t, { store })
  assert.match((await app.inject('/metrics')).body, /^darkroom_tasks\{/m)
  t.mock.method(store, 'stats', () => Promise.reject(new StoreUnavailable('PostgreSQL does not answer')))
  const { statusCode, body } = await app.inject('/metrics')
  assert.equal(statusCode, 200)
  assert.match(body, /^http_request_duration_seconds_count/m)
  assert.doesNotMatch(body, /^darkroom_tasks\{/m)
})

test('metrics count the tasks in each state', async t => {
  const store = openStore(t)
  const app = buildTestApp(t, { store })
  await createTasks(store, 3)
  await claim(store)
  const { body } = await app.inject('/metrics')
  assert.match(body, /^darkroom_tasks\{state="not-started"\} 2$/m)
  assert.match(body, /^darkroom_tasks\{state="in-progress"\} 1$/m)
  assert.match(body, /^darkroom_tasks\{state="failed"\} 0$/m)
})

test('the contract names every path', async t => {
  const { paths } = (await buildTestApp(t).inject('/openapi.json')).json()
  for (const path of ['/tasks/{id}', '/tasks', '/tasks/claim', '/tasks/{id}/lease', '/stats']) {
    assert.ok(paths[path], path)
  }
})

test('expired leases are taken back regularly', async t => {
  const clock = new ManualClock()
  const store = openStore(t, clock.clock)
  const app = buildTestApp(t, { store })
  await app.ready()
  await createTasks(store, 1)
  await claim(store)
  clock.advance(leaseMs + 1)
  await until('the task waits again', async () => (await store.get(taskId(1)))?.state === 'not-started')
})

test('fault: expired leases are taken back again after the store failed', async t => {
  const clock = new ManualClock()
  const store = openStore(t, clock.clock)
  const looks = t.mock.method(store, 'expireLeases')
  looks.mock.mockImplementationOnce(() => Promise.reject(new Error('disk I/O error')))
  await buildTestApp(t, { store }).ready()
  await createTasks(store, 1)
  await claim(store)
  clock.advance(leaseMs + 1)
  await until('the task waits again', async () => (await store.get(taskId(1)))?.state === 'not-started')
  assert.ok(looks.mock.callCount() >= 2)
})
