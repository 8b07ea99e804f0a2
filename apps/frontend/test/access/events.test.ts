// Slow: it waits until keys expire.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { generateImage, until } from '@darkroom/testing'
import { finishNext, uploadImage } from '../start-frontend.ts'
import { type Guarded, startGuarded } from './start-guarded.ts'

const png = await generateImage({ kind: 'png', width: 8, height: 8, seed: 1 })

async function follow(t: TestContext, { url }: Guarded, path: string, key?: string) {
  const hangUp = new AbortController()
  t.after(() => hangUp.abort())
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const { status, headers: answered, body } = await fetch(url + path, { headers, signal: hangUp.signal })
  const seen = { text: '', isOver: false }
  const read = async () => {
    for await (const chunk of body ?? []) seen.text += Buffer.from(chunk).toString()
    seen.isOver = true
  }
  read().catch(() => undefined)
  return { status, headers: answered, seen, hangUp: () => hangUp.abort() }
}

function upload(guarded: Guarded, key: string): Promise<string> {
  return uploadImage(guarded, png, { authorization: `Bearer ${key}` })
}

test('a user gets no events of images of other owners, an operator gets all events', async t => {
  const frontend = await startGuarded(t)
  const [alice, bob] = [await frontend.makeKey(), await frontend.makeKey()]
  const operator = await frontend.makeKey({ role: 'operator' })
  const before = await upload(frontend, alice.key)
  assert.equal((await follow(t, frontend, `/images/${before}/events`, bob.key)).status, 404)
  const [bobs, operators] = [
    await follow(t, frontend, '/images/events', bob.key),
    await follow(t, frontend, '/images/events', operator.key),
  ]
  const alices = await follow(t, frontend, `/images/${before}/events`, alice.key)
  await finishNext(frontend, png)
  await until('alice sees the end', () => alices.seen.isOver)
  await until('an operator sees it', () => operators.seen.text.includes(`${before}:3`))
  const own = await upload(frontend, bob.key)
  await until('bob sees his own image', () => bobs.seen.text.includes(own))
  assert.ok(!bobs.seen.text.includes(before))
})

test('streams end when their key is revoked or expires, and the streams of other keys continue', async t => {
  const frontend = await startGuarded(t)
  const [revoked, other] = [await frontend.makeKey(), await frontend.makeKey()]
  const short = await frontend.makeKey({ expiresAt: new Date(Date.now() + 4000).toISOString() })
  const [first, second, third] = [
    await follow(t, frontend, '/images/events', revoked.key),
    await follow(t, frontend, '/images/events', short.key),
    await follow(t, frontend, '/images/events', other.key),
  ]
  await frontend.store.revoke(revoked.id)
  await until('the stream of the revoked key is over', () => first.seen.isOver)
  await until('the stream of the expired key is over', () => second.seen.isOver)
  assert.equal(third.seen.isOver, false)
})

test('a stream that began without a key ends when the first key is made', async t => {
  const frontend = await startGuarded(t, { accessMode: 'as-configured' })
  const { status, seen } = await follow(t, frontend, '/images/events')
  assert.equal(status, 200)
  await frontend.makeKey()
  await until('it is over', () => seen.isOver)
})

test('an owner has a limited number of streams of all images; holders of grants and other owners have their own', async t => {
  const frontend = await startGuarded(t, { maxStreamsPerOwner: 2 })
  const [alice, bob] = [await frontend.makeKey({ owner: 'alice' }), await frontend.makeKey()]
  const other = await frontend.makeKey({ owner: 'alice' })
  const id = await upload(frontend, alice.key)
  const first = await follow(t, frontend, '/images/events', alice.key)
  assert.equal((await follow(t, frontend, '/images/events', other.key)).status, 200)
  const third = await follow(t, frontend, '/images/events', alice.key)
  assert.deepEqual([third.status, third.headers.get('retry-after')], [429, '30'])
  await until('the reason is read', () => third.seen.isOver)
  assert.equal(JSON.parse(third.seen.text).type, problemType('too-many-streams'))
  assert.equal((await follow(t, frontend, `/images/${id}/events`, alice.key)).status, 200)
  assert.equal((await follow(t, frontend, '/images/events', bob.key)).status, 200)
  const made = await frontend.askWith(alice.key, '/grants', { method: 'POST', body: Buffer.from('{}') })
  assert.equal((await follow(t, frontend, '/images/events', String(made.json().token))).status, 200)
  first.hangUp()
  await until(
    'a closed stream makes room',
    async () => (await follow(t, frontend, '/images/events', alice.key)).status === 200,
  )
})
