import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { createApp, createLogger, InvalidConfig } from '@darkroom/service-kit'
import { connectTo } from '@darkroom/testing'
import { refuseForeignHosts } from '../../src/browsers/refuse-foreign-hosts.ts'
import { readPublicUrls } from '../../src/public-urls.ts'

function appFor(allowed: string[], trustProxy?: true) {
  const logger = createLogger('test', 'silent')
  const app = createApp(
    { name: 'frontend', logger, isPublic: true, trustProxy, checkReady: async () => undefined },
    scope => scope.get('/images', async () => 'images'),
  )
  refuseForeignHosts(app, new Set(allowed))
  return app
}

async function statusOf(host: string, { url = '/images', allowed = [] as string[] } = {}): Promise<number> {
  return (await appFor(allowed).inject({ url, headers: { host } })).statusCode
}

for (const host of [
  '',
  'localhost',
  'localhost:8080',
  'localhost.:8080',
  '127.0.0.1:8080',
  '192.0.2.1:8080',
  '[::1]:8080',
  '[2001:db8::1]',
]) {
  test(`requests to the host "${host}" are answered`, async () => {
    assert.equal(await statusOf(host), 200)
  })
}

test('requests with another host name are refused unless the name is allowed', async () => {
  assert.equal(await statusOf('evil.example:8080'), 403)
  assert.equal(await statusOf('evil.example:8080', { allowed: ['evil.example'] }), 200)
  assert.equal(await statusOf('evil.example.:8080'), 403)
  assert.equal(await statusOf('evil.example.:8080', { allowed: ['evil.example'] }), 200)
})

for (const [head, status] of [
  ['GET /images HTTP/1.1\r\nhost: localhost\r\nhost: evil.example', 400],
  ['GET /images HTTP/1.1\r\nhost: evil.example\r\nhost: localhost', 400],
  ['GET http://evil.example/images HTTP/1.1\r\nhost: localhost', 403],
  ['GET http://localhost/images HTTP/1.1\r\nhost: localhost', 200],
] as const) {
  test(`${head.replaceAll('\r\n', ', ')} is answered ${status}`, async t => {
    const app = appFor([])
    t.after(() => app.close())
    const socket = connectTo(t, await app.listen({ host: '127.0.0.1', port: 0 }))
    socket.write(`${head}\r\nconnection: close\r\n\r\n`)
    assert.match(String(await buffer(socket)), new RegExp(`^HTTP/1.1 ${status} `))
  })
}

test('an X-Forwarded-Host that a proxy passes on from its client does not allow other names', async () => {
  const ask = async (headers: Record<string, string>) =>
    (await appFor(['photos.example'], true).inject({ url: '/images', headers })).statusCode
  assert.equal(await ask({ host: '127.0.0.1:8080', 'x-forwarded-host': 'photos.example' }), 200)
  assert.equal(await ask({ host: 'evil.example', 'x-forwarded-host': 'photos.example' }), 403)
  assert.equal(await ask({ host: 'evil.example', 'x-forwarded-host': 'localhost' }), 403)
  assert.equal(await ask({ host: 'photos.example', 'x-forwarded-host': 'evil.example' }), 403)
})

test('health checks are answered for every host name', async () => {
  for (const url of ['/healthz', '/readyz', '/healthz?from=lb'])
    assert.equal(await statusOf('lb.internal', { url }), 200, url)
  assert.equal(await statusOf('lb.internal', { url: '/healthz/images' }), 403)
})

test('public URLs are separated by commas, and may have paths', () => {
  const urls = readPublicUrls(' https://photos.example/darkroom/, http://lan.example:8080,')
  assert.deepEqual(
    urls.map(({ origin }) => origin),
    ['https://photos.example', 'http://lan.example:8080'],
  )
})

for (const text of ['photos.example', 'localhost:8080', 'ftp://photos.example'])
  test(`the public URL ${text} is refused with its value`, () => {
    assert.throws(
      () => readPublicUrls(text),
      (error: Error) => error instanceof InvalidConfig && error.message.includes(`got "${text}"`),
    )
  })
