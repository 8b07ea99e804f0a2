import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { buildApp, problemOf } from '../app.ts'

const methods = ['POST', 'PUT', 'PATCH', 'DELETE'] as const

async function ask(
  t: TestContext,
  headers: Record<string, string>,
  {
    publicUrls,
    otherOrigins,
    method = 'POST',
  }: { publicUrls?: string[]; otherOrigins?: Set<string>; method?: (typeof methods)[number] | 'GET' } = {},
) {
  const { app } = buildApp(t, { publicUrls: publicUrls?.map(url => new URL(url)), otherOrigins })
  app.route({
    method: [...methods, 'GET'],
    url: '/images',
    handler: async ({ headers }) => ({ cookie: headers.cookie }),
  })
  return app.inject({ method, url: '/images', headers })
}

for (const [origin, host] of [
  ['http://photos.test:8080', 'photos.test:8080'],
  ['http://PHOTOS.test', 'photos.TEST'],
  ['http://photos.test', 'photos.test:80'],
  ['https://photos.test', 'photos.test'],
  ['https://photos.test', 'photos.test:443'],
  ['https://photos.test:8443', 'photos.test:8443'],
  ['http://[::1]:8080', '[::1]:8080'],
  ['http://127.0.0.1:8080', '127.0.0.1:8080'],
] as const) {
  test(`a page of ${origin} may write to the host ${host}`, async t => {
    assert.equal((await ask(t, { origin, host })).statusCode, 200)
  })
}

for (const [origin, host] of [
  ['http://evil.test', 'photos.test'],
  ['http://evil.test', '127.0.0.1:8080'],
  ['null', 'photos.test'],
  ['', 'photos.test'],
  ['http://photos.test', ''],
  ['http://photos.test:81', 'photos.test'],
  ['http://photos.test', 'photos.test:8080'],
  ['http://photos.test.evil.test', 'photos.test'],
  ['http://photos.test, http://evil.test', 'photos.test'],
  ['chrome-extension://photos.test', 'photos.test'],
] as const) {
  test(`a page of "${origin}" may not write to the host "${host}"`, async t => {
    for (const method of methods) {
      const response = await ask(t, { origin, host }, { method })
      assert.equal(response.statusCode, 403, method)
      assert.equal(problemOf(response), 'cross-site')
    }
  })
}

test('only pages of public URLs may write, independent of the host that a proxy passes on', async t => {
  const publicUrls = ['https://photos.test/darkroom', 'http://lan.test:8080']
  for (const origin of ['https://photos.test', 'http://lan.test:8080']) {
    assert.equal((await ask(t, { origin, host: '127.0.0.1:8080' }, { publicUrls })).statusCode, 200, origin)
  }
  for (const origin of ['http://photos.test', 'http://lan.test', 'http://127.0.0.1:8080', 'null']) {
    const response = await ask(t, { origin, host: '127.0.0.1:8080' }, { publicUrls })
    assert.equal(response.statusCode, 403, origin)
    // No setting can contain the origin "null", which all files and sandboxed frames have.
    assert.match(response.json().detail, origin === 'null' ? /no origin.*from a web server/ : /PUBLIC_URL/)
  }
})

test('pages of named other origins may write, and their cookies are not read', async t => {
  const otherOrigins = new Set(['https://shop.test'])
  const cookie = 'darkroom=a-session'
  const own = { origin: 'https://photos.test', host: 'photos.test', cookie }
  assert.equal((await ask(t, own, { otherOrigins })).json().cookie, cookie)
  const foreign = { ...own, origin: 'https://shop.test' }
  for (const method of [...methods, 'GET'] as const) {
    const response = await ask(t, foreign, { otherOrigins, method })
    assert.deepEqual([response.statusCode, response.json()], [200, {}], method)
  }
  for (const origin of ['null', 'https://shop.test.evil.test', 'http://shop.test'])
    assert.equal((await ask(t, { ...foreign, origin }, { otherOrigins })).statusCode, 403, origin)
})

test('pages of other sites may read, and link here', async t => {
  const headers = { origin: 'http://evil.test', host: 'photos.test', 'sec-fetch-site': 'cross-site' }
  assert.equal((await ask(t, headers, { method: 'GET' })).statusCode, 200)
})

test('a request without an origin is refused only if its browser names another site', async t => {
  assert.equal((await ask(t, { 'sec-fetch-site': 'cross-site' })).statusCode, 403)
  assert.equal((await ask(t, {})).statusCode, 200)
})
