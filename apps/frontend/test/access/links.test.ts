import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { assertProblem, generateImage, type HttpRequest, type HttpResponse, until } from '@darkroom/testing'
import { readSession } from '../../src/access/session-cookie.ts'
import { readSignature, signedPath } from '../../src/access/signed-link.ts'
import { deriveKey, readOrMakeRoot } from '../../src/access/signing-keys.ts'
import { finishNext, startFrontend, uploadImage } from '../start-frontend.ts'
import { startGuarded } from './start-guarded.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const frontend = await startGuarded({ after }, { settings: { RETENTION_SECONDS: '7200' } })
const { ask, askWith } = frontend
const [alice, bob] = await Promise.all([
  frontend.makeKey({ owner: 'alice' }),
  frontend.makeKey({ owner: 'bob' }),
])
const result = Buffer.from('the developed image')
const id = await finished(alice.key)

async function finished(key: string): Promise<string> {
  await uploadImage(frontend, png, { authorization: `Bearer ${key}` })
  return finishNext(frontend, result)
}

interface Signed {
  id: string
  expiresAt: string
  links: { original: string; result: string; variants?: Record<string, string> }
}

async function sign(body?: object, key = alice.key, image = id): Promise<Signed> {
  const request: HttpRequest = body ? { body: Buffer.from(JSON.stringify(body)) } : {}
  const response = await askWith(key, `/images/${image}/links`, { method: 'POST', ...request })
  assert.equal(response.status, 200, String(response.body))
  return response.json() as unknown as Signed
}

function assertRefused(response: HttpResponse, status: number, code: string): void {
  assertProblem(response, status, code)
  assert.equal(response.headers['cache-control'], 'no-store')
}

/** The max-age of Cache-Control, in seconds. */
function maxAgeOf({ headers }: HttpResponse): number {
  return Number(/^public, max-age=(\d+)$/.exec(String(headers['cache-control']))?.[1])
}

suite('a signed link', () => {
  test('a signed link serves the bytes without a key, with HEAD, ranges and entity tags', async () => {
    const { links } = await sign()
    const plain = await askWith(alice.key, `/images/${id}/result`)
    const response = await ask(links.result)
    assert.deepEqual([response.status, response.body], [200, result])
    const {
      date: _,
      'cache-control': __,
      'cross-origin-resource-policy': policy,
      ...headers
    } = response.headers
    const { date: ___, 'cache-control': ____, ...expected } = plain.headers
    assert.deepEqual(headers, expected)
    assert.equal(policy, 'cross-origin')
    assert.deepEqual((await ask(links.original)).body, png)
    const head = await ask(links.result, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.etag, head.body.length], [200, response.headers.etag, 0])
    const part = await ask(links.result, { headers: { range: 'bytes=4-12' } })
    assert.deepEqual([part.status, String(part.body)], [206, 'developed'])
    const known = await ask(links.result, { headers: { 'if-none-match': String(response.headers.etag) } })
    assert.deepEqual([known.status, maxAgeOf(known) > 0], [304, true])
    assertRefused(await ask(links.result, { headers: { range: 'bytes=99-' } }), 416, 'range-not-satisfiable')
  })

  test('a signed link serves each variant, and answers 409 while there is none yet', async () => {
    const query = '?variants=thumb=resize:10x10;large=flip'
    const uploaded = await askWith(alice.key, `/images${query}`, { method: 'POST', body: png })
    const { links } = await sign({}, alice.key, String(uploaded.json().id))
    assert.deepEqual(Object.keys(links), ['original', 'variants'])
    assert.deepEqual(Object.keys(links.variants ?? {}), ['thumb', 'large'])
    assertRefused(await ask(String(links.variants?.thumb)), 409, 'not-ready')
    const other = String(links.variants?.thumb).replace('thumb', 'large')
    assertRefused(await ask(other), 403, 'link-refused')
    await askWith(alice.key, `/images/${uploaded.json().id}`, { method: 'DELETE' })
    assertRefused(await ask(String(links.variants?.thumb)), 404, 'image-not-found')
  })

  test('a signed link is refused for another image, and if a character of it is changed', async () => {
    const { links } = await sign()
    const other = await finished(alice.key)
    const [, , signature = ''] = links.result.split('/')
    const [key, end, hash = ''] = signature.split('.')
    for (const path of [
      links.result.replace('/result', '/original'),
      links.result.replace(id, other),
      links.result.replace(signature, `${key}.${Number(end) + 1}.${hash}`),
      links.result.replace(signature, `${bob.id}.${end}.${hash}`),
      links.result.replace(signature, `open.${end}.${hash}`),
      links.result.replace(signature, `${key}.${end}.${hash.slice(1)}`),
      links.result.replace(signature, 'x'),
    ])
      assertRefused(await ask(path), 403, 'link-refused')
  })

  test('a signed link expires, and ends when its image is deleted or its key is revoked', async () => {
    const endsIn = ({ expiresAt }: Signed) => (Date.parse(expiresAt) - Date.now()) / 1000
    const within = (given: number, [least, most]: [number, number]) =>
      assert.ok(given >= least && given <= most, `${given}`)
    within(endsIn(await sign()), [3590, 3600])
    within(endsIn(await sign({ expiresIn: 604_800 })), [7100, 7200])
    const short = await sign({ expiresIn: 60 })
    within(maxAgeOf(await ask(short.links.result)), [50, 60])
    within(maxAgeOf(await ask((await sign({ expiresIn: 7000 })).links.result)), [3600, 3600])
    const expiresAt = new Date(Date.now() + 100_000).toISOString()
    const brief = await frontend.makeKey({ owner: 'alice', expiresAt })
    within(endsIn(await sign({}, brief.key)), [90, 100])
    for (const expiresIn of [0, -1, 1.5, 604_801, '60'])
      await askWith(alice.key, `/images/${id}/links`, {
        ...{ method: 'POST', body: Buffer.from(JSON.stringify({ expiresIn })) },
      }).then(response => assertRefused(response, 400, 'invalid-request'))

    const key = deriveKey(await readOrMakeRoot(frontend.clients.kv), 'links')
    const past = { keyId: alice.id, expiresAt: Math.floor(Date.now() / 1000) }
    assertRefused(await ask(signedPath(`images/${id}/result`, past, key)), 403, 'link-refused')
  })

  test('a signed link ends at once when its key is revoked', async () => {
    const made = await frontend.makeKey({ owner: 'alice' })
    const { links } = await sign({}, made.key)
    assert.equal((await ask(links.result)).status, 200)
    await frontend.store.revoke(made.id)
    const response = await until('the link has ended', async () => {
      const asked = await ask(links.result)
      return asked.status !== 200 && asked
    })
    assertRefused(response, 403, 'link-refused')
    assert.match(String(response.json().detail), /the API key of this link was revoked or has expired/)
  })

  test('a signed link is made only for images of the caller', async () => {
    const response = await askWith(bob.key, `/images/${id}/links`, { method: 'POST' })
    assertRefused(response, 404, 'image-not-found')
    assert.equal((await ask(`/images/${id}/links`, { method: 'POST' })).status, 401)
  })

  test('a signed link is not accepted as a key or a session, and a session not as a link', async () => {
    const [, , signature = ''] = (await sign()).links.result.split('/')
    assert.equal((await askWith(signature, '/images')).status, 401)
    assert.equal((await ask('/images', { headers: { cookie: `darkroom=${signature}` } })).status, 401)
    const root = Buffer.alloc(32, 7)
    const terms = { keyId: 'abcdefghijkl', expiresAt: 9e9 }
    const link = signedPath('images/1/result', terms, deriveKey(root, 'links')).split('/')[2] ?? ''
    assert.deepEqual(readSignature(link, 'images/1/result', deriveKey(root, 'links')), terms)
    for (const purpose of ['grants', 'sessions', 'webhook secrets'] as const) {
      assert.equal(readSignature(link, 'images/1/result', deriveKey(root, purpose)), undefined)
      assert.equal(readSession(link, deriveKey(root, purpose)), undefined)
    }
    const session = await askWith(alice.key, '/session', {
      ...{ method: 'POST', body: Buffer.from(JSON.stringify({ key: alice.key })) },
      headers: { 'content-type': 'application/json' },
    })
    const [token = ''] = /(?<=darkroom=)[^;]+/.exec(String(session.headers['set-cookie'])) ?? []
    assertRefused(await ask(`/signed/${token}/images/${id}/result`), 403, 'link-refused')
  })

  test('a signed link is never in the log or in an error document', async () => {
    const { links } = await sign()
    const [, , signature = ''] = links.result.split('/')
    const responses = await Promise.all([
      ask(links.result.replace('/result', '/none')),
      ask(links.result.replace('/signed', '/x/%73igne%64')),
      ask(`${links.result}/%zz`),
      ask(links.result, { method: 'POST', body: Buffer.from('{}') }),
      ask(links.result, { headers: { range: 'bytes=99-' } }),
      ask(`/signed/${signature}/${'x'.repeat(2000)}`),
      ask(links.result.replace('/signed/', '/signed%2f')),
      ask(links.result.replace('/signed/', '/signed/%2e/')),
      askWith(alice.key, `/images/${signature}`),
    ])
    for (const { status, body } of responses) {
      assert.ok(status >= 400)
      assert.ok(!String(body).includes(signature.split('.')[2] ?? ''), String(body))
    }
    for (const path of [`/images/${alice.key}`, `/${alice.key}`, `/images?cursor=${alice.key}`]) {
      const { status, body } = await askWith(alice.key, path)
      assert.ok(status >= 400)
      assert.ok(!String(body).includes(alice.key.slice(-20)), String(body))
    }
    assert.ok(!JSON.stringify(frontend.log.lines).includes(signature.split('.')[2] ?? ''))
  })
})

test('the log line of a failed request has its path without the signature', async t => {
  const { links } = await sign()
  const { taskDb } = frontend.clients
  const { getTask } = taskDb
  t.after(() => Object.assign(taskDb, { getTask }))
  Object.assign(taskDb, { getTask: () => Promise.reject(new Error('a broken task DB')) })
  assert.equal((await ask(links.original)).status, 500)
  const line = frontend.log.errors.find(({ url }) => url !== undefined)
  assert.equal(line?.url, `/signed/…/images/${id}/original`)
})

test('links of a frontend without keys work until the first key is made', async t => {
  const open = await startFrontend(t, { PUBLIC_URL: 'https://photos.example/lab' })
  const uploaded = await open.ask('/images', { method: 'POST', body: png })
  const signed = await open.ask(`/images/${uploaded.json().id}/links`, { method: 'POST' })
  const { original } = (signed.json() as unknown as Signed).links
  assert.match(original, /^https:\/\/photos\.example\/lab\/signed\/open\.\d+\.[\w-]+\/images\//)
  const { pathname } = new URL(original)
  assert.deepEqual((await open.ask(pathname)).body, png)
  const kv = open.clients.kv
  const params = { '*': 'config/frontend/auth' }
  await kv.setKey({ params, querystring: {}, headers: {}, body: Buffer.from('"keys"') })
  const response = await until('the link has ended', async () => {
    const asked = await open.ask(pathname)
    return asked.status !== 200 && asked
  })
  assertRefused(response, 403, 'link-refused')
})
