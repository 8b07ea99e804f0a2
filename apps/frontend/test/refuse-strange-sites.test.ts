import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp, createLogger } from '@darkroom/service-kit'
import { refuseStrangeSites } from '../src/refuse-strange-sites.ts'

function build(allowedHosts: string[] = []) {
  const app = createApp(
    {
      name: 'frontend',
      logger: createLogger('test', 'silent'),
      isPublic: true,
      checkReady: async () => undefined,
    },
    scope => {
      scope.get('/images', async () => 'images')
      scope.post('/images', async () => 'taken')
    },
  )
  refuseStrangeSites(app, new Set(allowedHosts))
  return app
}

for (const host of [
  'localhost',
  'localhost:8080',
  '127.0.0.1:8080',
  '192.0.2.1:8080',
  '[::1]:8080',
  '[2001:db8::1]',
]) {
  test(`requests to ${host} are answered`, async () => {
    assert.equal((await build().inject({ url: '/images', headers: { host } })).statusCode, 200)
  })
}

test('requests by a name that leads here are refused, unless it is allowed', async () => {
  const headers = { host: 'evil.example:8080' }
  assert.equal((await build().inject({ url: '/images', headers })).statusCode, 403)
  assert.equal((await build(['evil.example']).inject({ url: '/images', headers })).statusCode, 200)
})

test('pages of other sites may link here, but not send anything', async () => {
  const headers = { host: 'localhost', 'sec-fetch-site': 'cross-site' }
  assert.equal((await build().inject({ method: 'POST', url: '/images', headers })).statusCode, 403)
  assert.equal((await build().inject({ url: '/images', headers })).statusCode, 200)
})
