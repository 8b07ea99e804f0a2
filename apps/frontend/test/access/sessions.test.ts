import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { assertProblem, type HttpResponse, until } from '@darkroom/testing'
import { beginSession, readSession } from '../../src/access/session-cookie.ts'
import { deriveKey } from '../../src/access/signing-keys.ts'
import { startFrontend } from '../start-frontend.ts'
import { startGuarded } from './start-guarded.ts'

const frontend = await startGuarded(
  { after },
  { limits: { requestsPerKey: 0, requestsPerAddress: 0, refusedKeysPerAddress: 20 } },
)
const { ask, url } = frontend
const [anna, operator] = await Promise.all([
  frontend.makeKey({ owner: 'anna', name: 'the page' }),
  frontend.makeKey({ role: 'operator' }),
])
const json = { 'content-type': 'application/json' }

function signIn(key: string, headers: Record<string, string> = {}): Promise<HttpResponse> {
  const body = Buffer.from(JSON.stringify({ key }))
  return ask('/session', { method: 'POST', headers: { origin: url, ...json, ...headers }, body })
}

/** The cookie as a browser sends it back. */
function cookieOf({ headers }: HttpResponse): string {
  return String([headers['set-cookie']].flat()[0]).split(';')[0] ?? ''
}

suite('a session', () => {
  test('a session begins with a key, is a cookie that scripts cannot read, and has the role of its user', async () => {
    const response = await signIn(anna.key)
    assert.equal(response.status, 200)
    const [cookie] = [response.headers['set-cookie']].flat()
    assert.match(String(cookie), /^darkroom=[\w.-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/)
    assert.equal(response.headers['cache-control'], 'no-store')
    assert.ok(!String(cookie).includes(anna.key))
    const who = (await ask('/session', { headers: { cookie: cookieOf(response) } })).json()
    const { expiresAt, ...rest } = who
    assert.deepEqual(rest, { auth: 'keys', role: 'user', owner: 'anna', keyId: anna.id, name: 'the page' })
    assert.ok(Date.parse(String(expiresAt)) > Date.now())
    assert.deepEqual(response.json(), who)
  })

  test('a session is a secure cookie for this host only if the page uses https', async () => {
    const secure = await startGuarded({ after }, { settings: { PUBLIC_URL: 'https://photos.example' } })
    const { key } = await secure.makeKey({})
    const response = await secure.ask('/session', {
      ...{ method: 'POST', body: Buffer.from(JSON.stringify({ key })) },
      headers: { origin: 'https://photos.example', ...json },
    })
    assert.match(
      String(response.headers['set-cookie']),
      /^__Host-darkroom=[^;]+; Path=\/; .*; SameSite=Strict; Secure$/,
    )
    assert.equal((await secure.ask('/session', { headers: { cookie: cookieOf(response) } })).status, 200)
  })

  test('a session has the rights of its key, and changes data only for its own pages', async () => {
    const cookie = cookieOf(await signIn(operator.key))
    assert.equal((await ask('/images', { headers: { cookie } })).status, 200)
    const put = (headers: Record<string, string>) =>
      ask('/presets/a', {
        method: 'PUT',
        headers: { cookie, ...json, ...headers },
        body: Buffer.from('{"operations":"flip"}'),
      })
    assertProblem(await put({}), 403, 'cross-site')
    assertProblem(await put({ origin: 'http://evil.test' }), 403, 'cross-site')
    assertProblem(await put({ origin: 'null' }), 403, 'cross-site')
    assert.equal((await put({ origin: url })).status, 201)
    const users = cookieOf(await signIn(anna.key))
    assertProblem(await put({ origin: url, cookie: users }), 403, 'operators-only')
  })

  test('a session ends at once when its key is revoked', async () => {
    const { id, key } = await frontend.makeKey({ owner: 'berta' })
    const cookie = cookieOf(await signIn(key))
    await frontend.store.revoke(id)
    const response = await until('it has ended', async () => {
      const asked = await ask('/session', { headers: { cookie } })
      return asked.status !== 200 && asked
    })
    assertProblem(response, 401, 'key-refused')
    assert.match(String(response.json().detail), /sign in again/)
  })

  test('a session ends when the page signs out', async () => {
    const response = await ask('/session', { method: 'DELETE', headers: { origin: url } })
    assert.equal(response.status, 204)
    const cookies = [response.headers['set-cookie']].flat()
    assert.deepEqual(
      cookies.map(cookie => String(cookie).split(';')[0]),
      ['__Host-darkroom=', 'darkroom='],
    )
    assert.ok(cookies.every(cookie => String(cookie).includes('Max-Age=0')))
  })

  test('a session needs a valid key: a missing key, a wrong key and a forged cookie return 401', async () => {
    assertProblem(await ask('/session'), 401, 'key-required')
    assertProblem(await signIn('dk_nonsense'), 401, 'key-refused')
    const cookie = cookieOf(await signIn(anna.key))
    const [keyId, , signature] = cookie.split('=')[1]?.split('.') ?? []
    for (const forged of [
      `${cookie}x`,
      `darkroom=${operator.id}.${9e9}.${signature}`,
      `darkroom=${keyId}.99999999999.${signature}`,
      'darkroom=',
    ])
      assertProblem(await ask('/session', { headers: { cookie: forged } }), 401, 'key-refused')
    assertProblem(await frontend.askWith(cookie.split('=')[1] ?? '', '/session'), 401, 'key-refused')
    assert.equal((await ask('/session', { headers: { cookie: `darkroom=${anna.key}` } })).status, 401)
  })

  test('wrong keys are rate limited by address; valid keys still work', async () => {
    const responses = await Promise.all(Array.from({ length: 30 }, () => signIn('dk_nonsense')))
    const throttled = responses.find(({ status }) => status === 429)
    assert.ok(throttled)
    assertProblem(throttled, 429, 'too-many-refused-keys')
    assert.equal((await signIn(anna.key)).status, 200)
  })
})

test('the token of a session is valid until it expires, and only with its own signing key', () => {
  const root = Buffer.alloc(32, 7)
  const key = deriveKey(root, 'sessions')
  const { token, expiresAt } = beginSession('abcdefghijkl', key, 0)
  assert.deepEqual(readSession(token, key, expiresAt * 1000 - 1), { keyId: 'abcdefghijkl', expiresAt })
  assert.equal(readSession(token, key, expiresAt * 1000), undefined)
  for (const purpose of ['grants', 'links', 'webhook secrets'] as const)
    assert.equal(readSession(token, deriveKey(root, purpose), 0), undefined)
  for (const text of ['', '.', '..', 'a.b.c']) assert.equal(readSession(text, key, 0), undefined)
})

test('a frontend without keys answers that the caller is an operator, and sets no cookie', async t => {
  const open = await startFrontend(t, {}, { accessMode: 'open' })
  assert.deepEqual((await open.ask('/session')).json(), { auth: 'open', role: 'operator' })
  const body = Buffer.from(JSON.stringify({ key: anna.key }))
  const response = await open.ask('/session', { method: 'POST', headers: json, body })
  assert.deepEqual(
    [response.json(), response.headers['set-cookie']],
    [{ auth: 'open', role: 'operator' }, undefined],
  )
})
