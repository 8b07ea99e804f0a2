import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { imageMasterRoutes } from '@darkroom/contracts'
import { InvalidConfig, loadConfig } from '@darkroom/service-kit'
import { assertNeedsToken, assertProblem } from '@darkroom/testing'
import { Config } from '../src/config.ts'
import { startMaster } from './start-master.ts'

const clusterToken = 'a-token-of-the-whole-cluster'
const master = await startMaster({ after }, { CLUSTER_TOKEN: clusterToken })

for (const { method, url } of Object.values(imageMasterRoutes)) {
  test(`${method} ${url} requires the cluster token`, () =>
    assertNeedsToken(master.app, { method, url }, clusterToken))
}

test('the contract names every route', async () => {
  const headers = { authorization: `Bearer ${clusterToken}` }
  const { paths } = (await master.app.inject({ url: '/openapi.json', headers })).json()
  for (const { method, url } of Object.values(imageMasterRoutes))
    assert.ok(paths[url]?.[method.toLowerCase()], `${method} ${url}`)
})

test('fault: the master is alive but not ready while a neighbour does not answer', async t => {
  const own = await startMaster(t)
  assert.equal((await own.app.inject('/readyz')).statusCode, 200)
  await own.taskDb.close()
  assert.equal((await own.app.inject('/healthz')).statusCode, 200)
  const response = await own.app.inject('/readyz')
  assertProblem(response, 503, 'unavailable')
  assert.match(response.json().detail, /task-db/)
  await own.startTaskDb()
  assert.equal((await own.app.inject('/readyz')).statusCode, 200)
})

test('the error lists all settings that are wrong', () => {
  const wrong = { LEASE_MS: '10', MAX_QUEUED: '0', MAX_ATTEMPTS: 'x', QUEUE_URL: 'amqp://x' }
  assert.throws(
    () => loadConfig(Config, wrong),
    error => error instanceof InvalidConfig && Object.keys(wrong).every(name => error.message.includes(name)),
  )
})
