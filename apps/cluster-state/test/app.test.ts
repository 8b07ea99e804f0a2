import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterStateRoutes } from '@darkroom/contracts'
import { assertNeedsToken, assertProblem, breakDisk, fillDisk } from '@darkroom/testing'
import { buildTestApp } from './build-test-app.ts'

const clusterToken = 'a-token-of-the-whole-cluster'

for (const { method, url } of Object.values(clusterStateRoutes)) {
  test(`${method} ${url} requires the cluster token`, async t => {
    const { app, node } = await buildTestApp(t, { clusterToken })
    const path = url.replace(':value', '1').replace(':generation', '1').replace(':name', 'a')
    await app.inject({ method, url: path })
    assert.equal(node.state.size, 0)
    await assertNeedsToken(app, { method, url: path }, clusterToken)
  })
}

test('fault: the disk is full: a write returns 503 with Retry-After, and succeeds when there is room', async t => {
  const { app } = await buildTestApp(t)
  const makeRoom = fillDisk(t)
  const writes = ['/set/5', '/counters/images/inc'].map(url => () => app.inject({ method: 'POST', url }))
  for (const write of writes) {
    const refused = await write()
    assertProblem(refused, 503, 'store-full')
    assert.equal(refused.headers['retry-after'], '30')
  }
  makeRoom()
  for (const write of writes) assert.equal((await write()).statusCode, 200)
})

test('fault: the disk fails: the node is not ready until a restart, and refuses writes with 503', async t => {
  const { app } = await buildTestApp(t)
  const write = () => app.inject({ method: 'POST', url: '/inc' })
  assert.equal((await write()).statusCode, 200)
  breakDisk(t)
  assertProblem(await write(), 503, 'store-full')
  assertProblem(await app.inject('/readyz'), 503, 'unavailable')
  assertProblem(await write(), 503, 'unavailable')
})

test('/healthz and /readyz need no token', async t => {
  const { app } = await buildTestApp(t, { clusterToken })
  assert.deepEqual((await app.inject('/healthz')).json(), { status: 'alive' })
  assert.deepEqual((await app.inject('/readyz')).json(), { status: 'ready' })
})

test('fault: the node is not ready while its membership cannot read the members, and continues to work', async t => {
  const { app, node } = await buildTestApp(t)
  assert.ok(node.membership)
  t.mock.method(node.membership, 'checkReady', () => Promise.reject(new Error('the agent is unavailable')))
  assert.ok((await app.inject('/readyz')).statusCode >= 500)
  assert.equal((await app.inject('/inc')).body, '1')
})

test('the members include the node itself', async t => {
  const members = [{ id: 'node-2', url: 'http://10.0.0.2:8085', dataCentre: 'north' }]
  const { app, node } = await buildTestApp(t, { members })
  assert.deepEqual((await app.inject('/members')).json(), {
    self: { id: node.id, url: 'http://127.0.0.1:8085', dataCentre: 'local' },
    members,
  })
})

test('metrics count the entries of the node, and requests by route', async t => {
  const members = ['a', 'b'].map(id => ({ id, url: `http://${id}`, dataCentre: 'north' }))
  const { app } = await buildTestApp(t, { members })
  await app.inject({ method: 'POST', url: '/counters/images/inc' })
  await app.inject({ method: 'POST', url: '/set/5' })
  const { body } = await app.inject('/metrics')
  assert.match(body, /darkroom_state_entries 2/)
  assert.match(body, /darkroom_state_names\{kind="counter"\} 1/)
  assert.match(body, /darkroom_state_members\{data_centre="north"\} 2/)
  assert.match(body, /route="\/counters\/:name\/inc",status="200"\} 1/)
})

test('the contract names every path', async t => {
  const { app } = await buildTestApp(t)
  const { paths } = (await app.inject('/openapi.json')).json()
  for (const path of [
    '/',
    '/get',
    '/set/{value}',
    '/registers/{name}',
    '/counters/{name}',
    '/sync',
    '/healthz',
  ])
    assert.ok(paths[path], path)
})
