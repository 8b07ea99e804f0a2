import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { frontendRoutes } from '@darkroom/contracts'
import { assertProblem, generateImage, until } from '@darkroom/testing'
import { startGuarded } from './start-guarded.ts'

const frontend = await startGuarded({ after })
const { app, ask, askWith } = frontend

async function statusWith(key: string): Promise<number> {
  return (await askWith(key, '/images')).status
}

suite('a request without a key', () => {
  const routes = Object.values(frontendRoutes).filter(
    // The response to a HEAD has no problem document to check.
    route => route.method !== 'HEAD' && !('access' in route && route.access === 'anyone'),
  )
  for (const { method, url } of routes) {
    test(`${method} ${url} returns 401 with a challenge`, async () => {
      const path = url.replace(':id', '01990000-0000-7000-8000-000000000001')
      const response = await app.inject({ method, url: path, headers: { host: 'localhost' } })
      assertProblem(response, 401, 'key-required')
      assert.equal(response.headers['www-authenticate'], 'Bearer realm="Darkroom"')
      if (method !== 'GET') return
      const { statusCode } = await app.inject({ method: 'HEAD', url: path })
      assert.ok([401, 405].includes(statusCode), `HEAD is ${statusCode}`)
    })
  }

  test('health checks and the OpenAPI document need no key', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json'])
      assert.equal((await ask(path)).status, 200, path)
    assert.equal((await ask('/healthz', { method: 'OPTIONS' })).status, 200)
    assertProblem(await ask('/nowhere'), 404, 'no-such-route')
  })

  test('an upload without a key is refused before it is read, and nothing is stored', async () => {
    const body = await generateImage({ kind: 'png', width: 400, height: 300, seed: 1 })
    assert.equal((await ask('/images', { method: 'POST', body })).status, 401)
    const { body: listed } = await frontend.clients.taskDb.listTasks({ querystring: {} })
    assert.deepEqual(listed.tasks, [])
  })
})

suite('a key is refused', () => {
  test('a key is refused if any character of it differs from a key that was made here', async () => {
    const { key } = await frontend.makeKey()
    const another = (at: number) => `${key.slice(0, at)}${key[at] === 'x' ? 'y' : 'x'}${key.slice(at + 1)}`
    for (const wrong of [
      key.slice(0, -1),
      `${key}0`,
      another(5),
      another(20),
      another(key.length - 1),
      '',
      ' ',
      key.toLowerCase(),
    ]) {
      const { status, headers, json } = await askWith(wrong, '/images')
      assert.equal(status, 401, wrong)
      assert.match(String(headers['www-authenticate']), /^Bearer realm="Darkroom"/)
      assert.match(String(json().detail), /API key/)
    }
  })

  test('a key is refused if it has another scheme than Bearer, or is missing', async () => {
    const { key } = await frontend.makeKey()
    for (const authorization of [
      key,
      `Basic ${Buffer.from(`key:${key}`).toString('base64')}`,
      `Token ${key}`,
    ])
      assert.equal((await ask('/images', { headers: { authorization } })).status, 401)
    assert.equal((await ask('/images', { headers: { authorization: `bearer  ${key}` } })).status, 200)
  })

  test('a key is refused when it has expired, and the response explains that', async () => {
    const { key } = await frontend.makeKey({ expiresAt: new Date(Date.now() + 1500).toISOString() })
    await until('it has expired', async () => (await statusWith(key)) === 401)
    const { headers, json } = await askWith(key, '/images')
    assert.match(String(json().detail), /has expired/)
    assert.match(String(headers['www-authenticate']), /error="invalid_token"/)
  })

  test('a key is refused as soon as it is revoked', async () => {
    const { id, key } = await frontend.makeKey()
    await frontend.store.revoke(id)
    await until('it is refused', async () => (await statusWith(key)) === 401)
  })
})

test('the log has every key that is made, revoked or refused, but never its secret', async t => {
  const guarded = await startGuarded(t)
  const { askWith, log, makeKey, store } = guarded
  const operator = await makeKey({ role: 'operator', name: 'the first' })
  const { id, key } = await makeKey({ owner: 'alice' })
  const made = (await askWith(operator.key, '/keys', { method: 'POST', body: Buffer.from('{}') })).json()
  const wrong = `${key.slice(0, -7)}${key.slice(-6)}x`
  for (const one of [wrong, `dk_${'0'.repeat(12)}_${'0'.repeat(38)}`]) await askWith(one, '/images')
  await askWith(key, '/images/%ff')
  const rotated = await store.rotate(id, 0, 'a test')
  await until(
    'the rotated key is known',
    async () => (await askWith(String(rotated?.key), '/images')).status === 200,
  )
  await store.revoke(String(made.id))
  await until('it is revoked', async () => (await askWith(String(made.key), '/images')).status === 401)

  const text = JSON.stringify(log.lines)
  for (const secret of [operator.key, key, wrong, String(made.key), String(rotated?.key)])
    assert.ok(!text.includes(secret.slice(16, -6)), 'a secret is in the log')
  const acts = log.lines.flatMap(({ msg, key }) => (key ? [`${msg}: ${(key as { id: string }).id}`] : []))
  for (const act of [
    `an API key was created: ${operator.id}`,
    `an API key was created: ${id}`,
    `an operator created an API key: ${made.id}`,
    `an API key was created: ${rotated?.id}`,
    `an API key was revoked: ${id}`,
    `an API key was revoked: ${made.id}`,
  ])
    assert.ok(acts.includes(act), `${act} is not in ${acts}`)
  assert.ok(log.lines.some(({ msg }) => msg === 'an API key was refused'))
})
