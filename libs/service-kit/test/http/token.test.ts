import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { AppOptions } from '../../src/http/create-app.ts'
import { buildApp, problemOf } from '../app.ts'

const token = 'a-token-of-16-characters'

async function appWith(t: TestContext, options: Partial<AppOptions>) {
  const { app } = buildApp(t, options)
  app.get('/own', async () => 'own')
  const statusOf = async (url: string, authorization?: string) =>
    (await app.inject({ url, headers: authorization === undefined ? {} : { authorization } })).statusCode
  return { app, statusOf }
}

suite('the cluster token', () => {
  test('the cluster token is required on every route of an internal service', async t => {
    const { app, statusOf } = await appWith(t, { clusterToken: token })
    for (const url of ['/own', '/metrics', '/openapi.json']) {
      assert.equal(await statusOf(url, `Bearer ${token}`), 200, url)
      for (const wrong of [
        undefined,
        '',
        'Bearer',
        token,
        `Basic ${token}`,
        `Bearer ${token}x`,
        `bearer ${token}`,
      ])
        assert.equal(await statusOf(url, wrong), 401, `${url} with ${wrong}`)
    }
    const refused = await app.inject('/own')
    assert.equal(problemOf(refused), 'unauthorized')
    assert.equal(refused.headers['www-authenticate'], 'Bearer')
  })

  test('the cluster token is not needed for /healthz and /readyz', async t => {
    const { statusOf } = await appWith(t, { clusterToken: token })
    for (const url of ['/healthz', '/readyz']) assert.equal(await statusOf(url), 200)
  })

  test('the cluster token is needed even to find out which paths exist', async t => {
    const { statusOf } = await appWith(t, { clusterToken: token })
    assert.equal(await statusOf('/nothing'), 401)
    assert.equal(await statusOf('/nothing', `Bearer ${token}`), 404)
  })

  test('the cluster token protects only the metrics of a public service', async t => {
    const { statusOf } = await appWith(t, { clusterToken: token, isPublic: true })
    for (const url of ['/own', '/healthz', '/openapi.json']) assert.equal(await statusOf(url), 200, url)
    assert.equal(await statusOf('/metrics'), 401)
    assert.equal(await statusOf('/metrics', `Bearer ${token}`), 200)
  })

  test('the cluster token is accepted as a password only on pages for browsers', async t => {
    const { app, statusOf } = await appWith(t, { clusterToken: token })
    app.get('/page', { config: { isForBrowsers: true } }, async () => 'page')
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
    for (const right of [`Bearer ${token}`, basic(`anybody:${token}`), basic(`:${token}`)])
      assert.equal(await statusOf('/page', right), 200, right)
    for (const wrong of [undefined, 'Basic', basic(token.slice(1)), basic(`${token}:`), basic(`a:${token}x`)])
      assert.equal(await statusOf('/page', wrong), 401, wrong)
    assert.match(String((await app.inject('/page')).headers['www-authenticate']), /^Basic /)
    assert.equal(await statusOf('/own', basic(`anybody:${token}`)), 401)
  })

  test('a cluster token that is not set leaves all routes open', async t => {
    const { statusOf } = await appWith(t, {})
    for (const url of ['/own', '/metrics']) assert.equal(await statusOf(url), 200)
  })
})
