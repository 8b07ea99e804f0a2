import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { buildApp, problemOf } from '../app.ts'

suite('a request', () => {
  test('a request with another method returns 405 with the allowed methods, with another path 404', async t => {
    const { app } = buildApp(t)
    for (const method of ['GET', 'PUT'] as const)
      app.route({ method, url: '/things/:id/parts', handler: async () => '' })
    app.delete('/key/*', async () => '')
    const wrong = await app.inject({ method: 'POST', url: '/things/1/parts?x=1' })
    assert.equal(wrong.statusCode, 405)
    assert.equal(problemOf(wrong), 'method-not-allowed')
    assert.deepEqual(String(wrong.headers.allow).split(', ').sort(), ['GET', 'HEAD', 'PUT'])
    assert.equal((await app.inject({ method: 'PATCH', url: '/key/a/b/c' })).headers.allow, 'DELETE')
    for (const url of ['/things', '/things/1', '/things/1/parts/2', '/thingsX1Xparts', '/'])
      assert.equal(problemOf(await app.inject(url)), 'no-such-route', url)
  })

  test('a request with a slash at the end of its path returns 404, and the response advises to remove it', async t => {
    const { app } = buildApp(t)
    app.post('/things', async () => '')
    app.route({ method: ['GET', 'POST'], url: '/things/:id', handler: async () => 'a thing' })
    for (const url of ['/things/', '/things/1/']) {
      const response = await app.inject({ method: 'POST', url })
      assert.equal(problemOf(response), 'no-such-route')
      assert.equal(response.json().detail, `no such route: POST ${url}; remove the slash at its end`)
    }
    assert.equal((await app.inject('/other/')).json().detail, 'no such route: GET /other/')
    assert.equal((await app.inject('/things/1')).body, 'a thing')
  })

  test('a request without the id in its path returns 404, and reaches no handler', async t => {
    const { app } = buildApp(t)
    app.get('/things/:id', async () => 'a thing')
    app.get('/things/:id/parts', async () => 'parts')
    app.get('/key/*', async () => 'a key')
    for (const url of ['/things/', '/things//parts'])
      assert.equal(problemOf(await app.inject(url)), 'no-such-route', url)
    assert.equal((await app.inject('/key/')).body, 'a key')
  })

  test('a request with another method or path returns 405 or 404 whatever its body is', async t => {
    const { app } = buildApp(t)
    app.put('/things', async () => '')
    const headers = { 'content-type': 'application/json' }
    for (const payload of ['{', JSON.stringify('x'.repeat(1024 * 1024))])
      for (const [url, code] of [
        ['/things', 'method-not-allowed'],
        ['/nothing', 'no-such-route'],
      ] as const)
        assert.equal(problemOf(await app.inject({ method: 'POST', url, headers, payload })), code)
  })
})
