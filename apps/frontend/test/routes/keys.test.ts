import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { type KeyDescription, problemType } from '@darkroom/contracts'
import { until } from '@darkroom/testing'
import { startGuarded } from '../access/start-guarded.ts'

const frontend = await startGuarded({ after })
const { ask, askWith } = frontend
const operator = await frontend.makeKey({ role: 'operator', name: 'the first' })
const user = await frontend.makeKey({ owner: 'alice' })

function manage(method: string, path: string, body?: unknown) {
  const sent = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }
  return askWith(operator.key, path, { method, ...sent })
}

async function listed(): Promise<KeyDescription[]> {
  return (await manage('GET', '/keys')).json().keys as KeyDescription[]
}

async function statusWith(key: unknown): Promise<number> {
  return (await askWith(String(key), '/operations')).status
}

test('operators make keys, which are shown once and work at once', async () => {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const { status, headers, json } = await manage('POST', '/keys', {
    owner: 'shop',
    name: 'The shop',
    expiresAt,
  })
  assert.equal(status, 201)
  assert.equal(headers['cache-control'], 'no-store')
  const { key, createdAt, ...made } = json()
  const { id } = made as { id: string }
  assert.deepEqual(made, {
    id,
    role: 'user',
    owner: 'shop',
    name: 'The shop',
    createdBy: operator.id,
    expiresAt,
  })
  assert.ok(Math.abs(Date.parse(String(createdAt)) - Date.now()) < 60_000)
  await until('it works', async () => (await statusWith(key)) === 200)
  const description = (await listed()).find(one => one.id === id)
  assert.deepEqual(description, { ...made, createdAt })
})

test('a key that is made without an owner gets its own owner', async () => {
  const { id, owner, role } = (await manage('POST', '/keys', { role: 'operator' })).json()
  assert.deepEqual([owner, role], [id, 'operator'])
})

test('neither a listing nor kv-config contains a key', async () => {
  const { body } = await frontend.clients.kv.listKeys({ querystring: { prefix: '' } })
  const kept = body.keys.map(({ value }) => Buffer.from(value, 'base64').toString()).join()
  const response = (await manage('GET', '/keys')).body.toString()
  for (const { key } of [operator, user])
    for (const text of [kept, response]) assert.ok(!text.includes(key.slice(16, 48)))
  assert.ok(!response.includes('hash'))
})

test('a key is revoked, and revoking it again returns 404', async () => {
  const { id, key } = await frontend.makeKey()
  assert.equal((await manage('DELETE', `/keys/${id}`)).status, 204)
  await until('it is refused', async () => (await statusWith(key)) === 401)
  const { status, json } = await manage('DELETE', `/keys/${id}`)
  assert.deepEqual([status, json().type], [404, problemType('key-not-found')])
  for (const strange of ['..%2Fconfig%2Ffrontend%2Fauth', 'x', '%00'])
    for (const [method, path] of [
      ['DELETE', `/keys/${strange}`],
      ['POST', `/keys/${strange}/rotate`],
    ] as const)
      assert.equal((await manage(method, path)).status, 404, strange)
})

suite('rotation', () => {
  test('rotation makes a new key with the same owner, role and name, and revokes the old key', async () => {
    const old = await frontend.makeKey({ name: 'camera' })
    const { status, json } = await manage('POST', `/keys/${old.id}/rotate`)
    assert.equal(status, 201)
    const { key, id, owner, role, name } = json()
    assert.notEqual(id, old.id)
    assert.deepEqual([owner, role, name], [old.id, 'user', 'camera'])
    await until('the new one works', async () => (await statusWith(key)) === 200)
    await until('the old one is refused', async () => (await statusWith(old.key)) === 401)
  })

  test('rotation can let the old key work for a while', async () => {
    const old = await frontend.makeKey()
    const { key } = (await manage('POST', `/keys/${old.id}/rotate?keep=2`)).json()
    await until('the new one works', async () => (await statusWith(key)) === 200)
    await until('the old one ends', async () => (await statusWith(old.key)) === 401)
    assert.match((await askWith(old.key, '/images')).body.toString(), /has expired/)
  })

  test('the new key has the same lifetime as the old key', async () => {
    const old = await frontend.makeKey({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() })
    const { expiresAt, createdAt } = (await manage('POST', `/keys/${old.id}/rotate`)).json()
    const lifetimeMs = Date.parse(String(expiresAt)) - Date.parse(String(createdAt))
    assert.ok(Math.abs(lifetimeMs - 3_600_000) < 60_000)
  })
})

suite('managing keys is refused', () => {
  test('managing keys is refused to users with 403, and without a key with 401', async () => {
    for (const [method, path] of [
      ['GET', '/keys'],
      ['POST', '/keys'],
      ['DELETE', `/keys/${operator.id}`],
      ['POST', `/keys/${operator.id}/rotate`],
    ] as const) {
      const body = method === 'POST' ? { body: Buffer.from('{"role":"operator"}') } : {}
      const { status, json } = await askWith(user.key, path, { method, ...body })
      assert.deepEqual([status, json().type], [403, problemType('operators-only')])
      assert.equal((await ask(path, { method, ...body })).status, 401)
    }
    assert.equal(await statusWith(operator.key), 200)
  })

  test('managing keys is refused on a frontend without keys, and the response explains where to manage them', async t => {
    const { ask } = await startGuarded(t, { accessMode: 'open' })
    const { status, json } = await ask('/keys', { method: 'POST', body: Buffer.from('{}') })
    assert.equal(status, 403)
    assert.match(String(json().detail), /darkroom keys create/)
  })

  test('managing keys is refused with 400 and a clear error if the body is not valid', async () => {
    for (const [body, message] of [
      [{ role: 'admin' }, /role/],
      [{ owner: 'a b' }, /owner/],
      [{ owner: '' }, /owner/],
      [{ name: '' }, /name/],
      [{ name: 'x'.repeat(101) }, /name/],
      [{ expiresAt: 'tomorrow' }, /expiresAt/],
      [{ expiresAt: '2001-01-01T00:00:00Z' }, /expiresAt must lie in the future/],
      [{ expiresAt: '2116-12-31T23:59:60Z' }, /expiresAt: must be a date and time/],
      [{ callback: 'nowhere' }, /the callback cannot be used: it must be an http or https URL/],
      [{ callback: 'http://a.example/\0' }, /the callback cannot be used: .*control characters/],
      [{ expires: '2101-01-01T00:00:00Z' }, /unknown expires/],
      [[], /body/],
    ] as const) {
      const { status, json } = await manage('POST', '/keys', body)
      assert.equal(status, 400, JSON.stringify(body))
      assert.match(String(json().detail), message)
    }
    for (const keep of ['-1', 'x', '1.5', '99999999999'])
      assert.equal((await manage('POST', `/keys/${user.id}/rotate?keep=${keep}`)).status, 400, keep)
  })
})

test('a key that is revoked through kv-config is soon refused', async () => {
  const { id, key } = await frontend.makeKey()
  const startedAt = performance.now()
  await frontend.store.revoke(id)
  await until('it is refused', async () => (await statusWith(key)) === 401)
  assert.ok(performance.now() - startedAt < 5000)
})
