import assert from 'node:assert/strict'
import { after, suite, type TestContext, test } from 'node:test'
import { logger } from '@darkroom/image-master/testing'
import { createLogger, loadConfig } from '@darkroom/service-kit'
import { assertProblem, httpRequest, RecordedLog } from '@darkroom/testing'
import { Config, start } from '../src/start.ts'
import { startFrontend } from './start-frontend.ts'

const clusterToken = 'a-token-of-the-whole-cluster'
const { app } = await startFrontend({ after }, { CLUSTER_TOKEN: clusterToken })

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

test('errors of the framework are problem documents, too', async () => {
  assertProblem(await app.inject('/nowhere'), 404, 'no-such-route')
  assertProblem(await app.inject({ method: 'PUT', url: '/images' }), 405, 'method-not-allowed')
  assertProblem(await app.inject('/images/%ff'), 400, 'invalid-request')
})
