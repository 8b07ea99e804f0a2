import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { assertProblem, until } from '@darkroom/testing'
import { grantToken, readGrantToken } from '../../src/access/grant-token.ts'
import { readSession } from '../../src/access/session-cookie.ts'
import { deriveKey, readOrMakeRoot } from '../../src/access/signing-keys.ts'
import { filePart, formData, formHeaders, operationsPart } from '../form-data.ts'
import { finishNext } from '../start-frontend.ts'
import { png, startGranting } from './start-granting.ts'
import { startGuarded } from './start-guarded.ts'

const { frontend, alice, grant, upload } = await startGranting({ after })
const { ask, askWith } = frontend

suite('a grant', () => {
  test('a grant uploads its number of images with its options, also at once, and sees only these', async () => {
    const own = String((await upload(alice.key)).json().id)
    const token = await grant({ images: 3, operations: 'flip', variants: 'thumb=resize:10x10' })
    const other = await grant({ images: 1 })
    const responses = await Promise.all(Array.from({ length: 8 }, () => upload(token)))
    const accepted = responses.filter(({ status }) => status === 202).map(response => response.json())
    assert.equal(accepted.length, 3)
    for (const response of responses.filter(({ status }) => status !== 202))
      assertProblem(response, 403, 'grant-used-up')
    assert.deepEqual(accepted[0]?.operations, [{ name: 'flip' }])
    assert.deepEqual(Object.keys(accepted[0]?.variants ?? {}), ['thumb'])
    const ids = accepted.map(({ id }) => String(id)).sort()
    const listing = await askWith(token, '/images')
    assert.equal(listing.status, 200, String(listing.body))
    const listed = listing.json() as { images: { id: string }[] }
    assert.deepEqual(listed.images.map(({ id }) => id).sort(), ids)
    const first = (await askWith(token, '/images?limit=2')).json() as { images: object[]; next: string }
    const second = (await askWith(token, `/images?limit=2&cursor=${first.next}`)).json()
    assert.deepEqual([...first.images, ...(second.images as object[])], listed.images)
    assert.equal(second.next, undefined)
    assert.deepEqual((await askWith(token, '/images?preset=shop')).json(), { images: [] })
    for (const [id = '', holder, status] of [
      [ids[0], token, 200],
      [ids[0], alice.key, 200],
      [own, token, 404],
      [ids[0], other, 404],
    ] as const)
      for (const path of ['', '/original'])
        assert.equal((await askWith(holder, `/images/${id}${path}`)).status, status)
    assert.equal((await askWith(token, `/images/${own}/events`)).status, 404)
  })

  test('a grant cannot choose options or sources, nor use the routes of a key', async () => {
    const token = await grant({ images: 5 })
    const json = { 'content-type': 'application/json' }
    for (const response of [
      await upload(token, {}, '/images?operations=flip'),
      await upload(token, {}, '/images?callback=https%3A%2F%2Fa.example'),
      await upload(token, json, '/images', Buffer.from('{"url":"https://a.example/cat.jpg"}')),
      await upload(token, json, '/images', Buffer.from('{"from":"x"}')),
      await askWith(token, '/images', {
        ...{ method: 'POST', headers: formHeaders },
        body: formData(operationsPart('flip'), filePart(png)),
      }),
      await askWith(token, '/grants', { method: 'POST' }),
      await askWith(token, '/keys'),
      await askWith(token, '/presets'),
      await askWith(token, '/images/x/links', { method: 'POST' }),
      await askWith(token, '/images/x', { method: 'DELETE' }),
    ])
      assertProblem(response, 403, 'not-with-a-grant')
    assert.deepEqual((await askWith(token, '/images')).json(), { images: [] })
  })

  test('a grant takes its outputs as text, or as lists', async () => {
    const flip = [{ name: 'flip' }]
    for (const [operations, variants] of [
      ['flip', 'thumb=flip'],
      [flip, { thumb: flip }],
    ]) {
      const made = (await upload(await grant({ operations, variants }))).json()
      assert.deepEqual(made.operations, flip)
      assert.deepEqual(made.variants, { thumb: { operations: flip } })
    }
  })

  test('a grant expires, and ends when its key is revoked', async () => {
    const key = deriveKey(await readOrMakeRoot(frontend.clients.kv), 'grants')
    const past = { id: '0123456789ab', keyId: alice.id, expiresAt: Math.floor(Date.now() / 1000) }
    assertProblem(await askWith(grantToken(past, key), '/images'), 401, 'grant-refused')
    const made = await frontend.makeKey({ owner: 'alice' })
    const token = await grant({}, made.key)
    assert.equal((await askWith(token, '/images')).status, 200)
    await frontend.store.revoke(made.id)
    const response = await until('the grant has ended', async () => {
      const asked = await askWith(token, '/images')
      return asked.status !== 200 && asked
    })
    assertProblem(response, 401, 'grant-refused')
    assert.match(String(response.json().detail), /grant has ended/)
    assert.equal(response.headers['www-authenticate'], 'Bearer realm="Darkroom", error="invalid_token"')
  })

  test('a grant is not accepted as a key, a session, a link or another grant', async () => {
    const token = await grant()
    const text = token.slice(3)
    assert.equal((await askWith(text, '/images')).status, 401)
    assert.equal((await ask('/images', { headers: { cookie: `darkroom=${text}` } })).status, 401)
    assert.equal((await ask(`/signed/${text}/images/x/result`)).status, 403)
    assertProblem(await askWith(`${token}x`, '/images'), 401, 'grant-refused')
    assertProblem(await askWith(`dg_${'0'.repeat(12)}${text.slice(12)}`, '/images'), 401, 'grant-refused')
    const root = Buffer.alloc(32, 7)
    const terms = { id: '0123456789ab', keyId: 'abcdefghijkl', expiresAt: 9e9 }
    const made = grantToken(terms, deriveKey(root, 'grants'))
    assert.deepEqual(readGrantToken(made, deriveKey(root, 'grants')), terms)
    for (const purpose of ['links', 'sessions', 'webhook secrets'] as const) {
      assert.equal(readGrantToken(made, deriveKey(root, purpose)), undefined)
      assert.equal(readSession(made.slice(3), deriveKey(root, purpose)), undefined)
    }
    const lines = JSON.stringify(frontend.log.lines)
    assert.ok(!lines.includes(text.split('.')[3] ?? ''))
  })
})

test('an owner has a limited number of grants, also with several keys; expired grants make room', async t => {
  const limited = await startGuarded(t, { maxGrantsPerOwner: 2 })
  const keys = [await limited.makeKey({ owner: 'alice' }), await limited.makeKey({ owner: 'alice' })]
  const bob = await limited.makeKey({ owner: 'bob' })
  const make = (key = '', expiresIn = 3600) =>
    limited.askWith(key, '/grants', { method: 'POST', body: Buffer.from(JSON.stringify({ expiresIn })) })
  const short = await make(keys[0]?.key, 2)
  assert.equal(short.status, 201)
  assert.equal((await make(keys[1]?.key)).status, 201)
  for (const { key } of keys) {
    const refused = await make(key)
    assertProblem(refused, 429, 'too-many-grants')
    assert.equal(refused.headers['retry-after'], '60')
  }
  assert.equal((await make(bob.key)).status, 201)
  await until('a grant has expired', async () => (await make(keys[0]?.key)).status === 201)
  assert.ok(Date.now() >= Date.parse(String(short.json().expiresAt)))
})

test('the stream of a grant has only the changes of its own images', async () => {
  const token = await grant()
  const opened = await fetch(`${frontend.url}/images/events`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const own = String((await upload(alice.key)).json().id)
  const id = String((await upload(token)).json().id)
  let finished = ''
  while (finished !== id) finished = await finishNext(frontend, png)
  let text = ''
  for await (const chunk of opened.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.includes('"state":"finished"')) break
  }
  assert.ok(text.includes(id) && !text.includes(own))
})
