import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { generateImage, type HttpRequest } from '@darkroom/testing'
import { failNext, finishNext } from '../start-frontend.ts'
import { startGuarded } from './start-guarded.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const frontend = await startGuarded({ after })
const { askWith } = frontend
const [alice, alicesOther, bob, operator] = await Promise.all([
  frontend.makeKey({ owner: 'alice' }),
  frontend.makeKey({ owner: 'alice' }),
  frontend.makeKey({ owner: 'bob' }),
  frontend.makeKey({ role: 'operator' }),
])

async function upload(key: string, path = '/images', headers: Record<string, string> = {}): Promise<string> {
  const answer = await askWith(key, path, { method: 'POST', body: png, headers })
  assert.equal(answer.status, 202, answer.body.toString())
  return path === '/images' ? String(answer.json().id) : answer.body.toString()
}

async function finished(key: string): Promise<string> {
  const id = await upload(key)
  assert.equal(await finishNext(frontend, png), id)
  return id
}

async function listed(key: string): Promise<string[]> {
  const { images } = (await askWith(key, '/images?limit=1000')).json() as { images: { id: string }[] }
  return images.map(({ id }) => id)
}

/** Sends the same request as another owner, and for an image that doesn't exist. Only the id may differ in the responses. */
async function assertHidden(
  path: (id: string) => string,
  id: string,
  request: HttpRequest = {},
): Promise<void> {
  const missing = '01990000-0000-7000-8000-000000000001'
  const [theirs, none] = [
    await askWith(bob.key, path(id), request),
    await askWith(bob.key, path(missing), request),
  ]
  assert.deepEqual([theirs.status, none.status], [404, 404])
  const words = (answer: typeof theirs) => answer.body.toString().replaceAll(/[0-9a-f-]{36}/g, 'ID')
  assert.equal(words(theirs), words(none))
  const names = (answer: typeof theirs) => Object.keys(answer.headers).sort()
  assert.deepEqual(names(theirs), names(none))
}

suite('images of another owner look like missing images', () => {
  test('images of another owner look like missing images in the listing', async () => {
    const id = await finished(alice.key)
    assert.ok((await listed(alice.key)).includes(id))
    assert.ok(!(await listed(bob.key)).includes(id))
    const filtered = (await askWith(bob.key, '/images?state=finished')).json() as { images: unknown[] }
    assert.deepEqual(filtered.images, [])
  })

  test('the status document of an image of another owner returns 404 at once, also with Prefer: wait', async () => {
    const id = await upload(alice.key)
    await assertHidden(id => `/images/${id}`, id)
    const startedAt = performance.now()
    await assertHidden(id => `/images/${id}`, id, { headers: { prefer: 'wait=20' } })
    assert.ok(performance.now() - startedAt < 10_000)
    await finishNext(frontend, png)
  })

  test('images of another owner look like missing images in the result', async () =>
    assertHidden(id => `/images/${id}/result`, await finished(alice.key)))

  test('images of another owner look like missing images in the original', async () =>
    assertHidden(id => `/images/${id}/original`, await finished(alice.key)))

  test('images of another owner look like missing images in HEAD requests', async () => {
    const id = await finished(alice.key)
    for (const path of [`/images/${id}`, `/images/${id}/result`, `/images/${id}/original`])
      assert.equal((await askWith(bob.key, path, { method: 'HEAD' })).status, 404)
  })

  test('images of another owner look like missing images to DELETE, which deletes nothing', async () => {
    const id = await finished(alice.key)
    await assertHidden(id => `/images/${id}`, id, { method: 'DELETE' })
    for (const headers of [{ 'if-match': '*' }, { 'if-none-match': '*' }])
      await assertHidden(id => `/images/${id}`, id, { method: 'DELETE', headers })
    assert.equal((await askWith(alice.key, `/images/${id}/result`)).status, 200)
    assert.equal((await askWith(alice.key, `/images/${id}`, { method: 'DELETE' })).status, 204)
  })

  test('images of another owner look like missing images to a retry, which retries nothing', async () => {
    const id = await upload(alice.key)
    const reason = { type: problemType('undecodable'), title: 'Undecodable', detail: 'cut off' }
    assert.equal(await failNext(frontend, reason), id)
    await assertHidden(id => `/images/${id}/retry`, id, { method: 'POST' })
    assert.equal((await askWith(alice.key, `/images/${id}`)).json().state, 'failed')
    assert.equal((await askWith(alice.key, `/images/${id}/retry`, { method: 'POST' })).status, 202)
    await finishNext(frontend, png)
  })

  test('the same idempotency key of another owner makes another image', async () => {
    const key = { 'idempotency-key': 'order-17' }
    const id = await upload(alice.key, '/images', key)
    assert.notEqual(await upload(bob.key, '/images', key), id)
    assert.notEqual(await upload(operator.key, '/images', key), id)
    assert.equal(await upload(alicesOther.key, '/images', key), id)
    for (let left = 3; left > 0; left--) await finishNext(frontend, png)
  })

  test('images of another owner look like missing images at the path /newImage', async () => {
    const id = await upload(alice.key, '/newImage')
    await assertHidden(id => `/images/${id}`, id)
    assert.equal((await askWith(alice.key, `/images/${id}`)).status, 200)
    await finishNext(frontend, png)
  })

  test('images of another owner look like missing images at the path /image/isReady', async () => {
    const id = await finished(alice.key)
    const word = async (key: string) => (await askWith(key, `/image/isReady?id=${id}`)).body.toString()
    assert.equal(await word(alice.key), 'finished')
    assert.equal(await word(bob.key), 'not found')
    assert.equal(await word(operator.key), 'finished')
  })

  test('images of another owner look like missing images at the path /image/get', async () =>
    assertHidden(id => `/image/get?id=${id}`, await finished(alice.key)))
})

test('another key of the same owner sees the images of that owner', async () => {
  const id = await finished(alice.key)
  assert.ok((await listed(alicesOther.key)).includes(id))
  for (const path of ['', '/result', '/original'])
    assert.equal((await askWith(alicesOther.key, `/images/${id}${path}`)).status, 200)
})

test('operators see and may delete all images, also images without an owner', async () => {
  const id = await finished(alice.key)
  const { body: ownerless } = await frontend.clients.imageMaster.newImage({
    querystring: {},
    headers: {},
    body: png,
  })
  await finishNext(frontend, png)
  if (!('id' in ownerless)) assert.fail('the upload was not accepted')
  const seen = await listed(operator.key)
  for (const one of [id, ownerless.id]) {
    assert.ok(seen.includes(one))
    assert.equal((await askWith(operator.key, `/images/${one}/result`)).status, 200)
  }
  assert.ok(!(await listed(alice.key)).includes(ownerless.id))
  assert.equal((await askWith(alice.key, `/images/${ownerless.id}`)).status, 404)
  assert.equal((await askWith(operator.key, `/images/${id}`, { method: 'DELETE' })).status, 204)
})
