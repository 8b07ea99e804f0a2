// Slow: it makes a thousand marks of deletions, and starts several frontends.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { blobNames, logger } from '@darkroom/image-master/testing'
import { mapConcurrently } from '@darkroom/service-kit'
import { generateImage, type HttpResponse, httpRequest, until } from '@darkroom/testing'
import { buildApp } from '../../src/app.ts'
import { eraseOwner } from '../../src/erasure/erase-owner.ts'
import { type Guarded, startGuarded } from '../access/start-guarded.ts'
import { finishNext, taskCount } from '../start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const json = { 'content-type': 'application/json' }

const deletion = (key: string) => `/images?idempotencyKey=${encodeURIComponent(key)}`

function upload({ askWith }: Guarded, token: string, key: string): Promise<HttpResponse> {
  return askWith(token, '/images', { method: 'POST', body: png, headers: { 'idempotency-key': key } })
}

async function deleteUpload({ askWith }: Guarded, token: string, key: string): Promise<void> {
  const { status, body } = await askWith(token, deletion(key), { method: 'DELETE' })
  assert.equal(status, 204, body.toString())
}

/** As if an upload of a frontend that was killed ended only now. */
async function acceptLate({ clients: { imageMaster } }: Guarded): Promise<void> {
  const { status } = await imageMaster.newImage({
    querystring: { owner: 'alice' },
    headers: { 'idempotency-key': 'one' },
    body: png,
  })
  assert.equal(status, 202)
}

/** Holds a master's response to each upload: the image is accepted, but the frontend has no response yet. */
function holdResponses({ clients: { imageMaster } }: Guarded, t: { mock: typeof import('node:test').mock }) {
  const accepted = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const { newImage } = imageMaster
  t.mock.method(imageMaster, 'newImage', async (call: Parameters<typeof newImage>[0]) => {
    const answer = await newImage(call)
    accepted.resolve()
    await answered.promise
    return answer
  })
  return { accepted: accepted.promise, answer: () => answered.resolve() }
}

suite('deleting an image by the Idempotency-Key of its upload', () => {
  test('deleting an image by the Idempotency-Key of its upload deletes the image and its bytes', async t => {
    const guarded = await startGuarded(t)
    const { key } = await guarded.makeKey({ owner: 'alice' })
    await upload(guarded, key, 'a photo / 1')
    await finishNext(guarded, png)
    await deleteUpload(guarded, key, 'a photo / 1')
    assert.equal(await taskCount(guarded), 0)
    assert.deepEqual(blobNames(guarded), [])
  })

  test('deleting an upload concerns only the owner of the key, also for operators', async t => {
    const guarded = await startGuarded(t)
    const [alice, bob, operator] = [
      await guarded.makeKey({ owner: 'alice' }),
      await guarded.makeKey({ owner: 'bob' }),
      await guarded.makeKey({ role: 'operator' }),
    ]
    await upload(guarded, alice.key, 'one')
    for (const { key } of [bob, operator]) await deleteUpload(guarded, key, 'one')
    assert.equal(await taskCount(guarded), 1)
    // The mark of one owner doesn't concern another, either.
    assert.equal((await upload(guarded, alice.key, 'one')).status, 202)
    await deleteUpload(guarded, alice.key, 'one')
    assert.equal(await taskCount(guarded), 0)
  })

  test('an upload that was deleted before it arrives is refused, and so are later uploads with this key', async t => {
    const guarded = await startGuarded(t)
    const { key } = await guarded.makeKey({ owner: 'alice' })
    await deleteUpload(guarded, key, 'one')
    for (const _ of [1, 2]) {
      const answer = await upload(guarded, key, 'one')
      assert.deepEqual([answer.status, answer.json().type], [410, problemType('upload-deleted')])
    }
    assert.deepEqual([await taskCount(guarded), blobNames(guarded)], [0, []])
    assert.equal((await upload(guarded, key, 'two')).status, 202)
  })

  test('an upload that is deleted while it is being accepted leaves no image', async t => {
    const guarded = await startGuarded(t)
    const { key } = await guarded.makeKey({ owner: 'alice' })
    const { accepted, answer } = holdResponses(guarded, t)
    const uploading = upload(guarded, key, 'one')
    await accepted
    await deleteUpload(guarded, key, 'one')
    answer()
    assert.equal((await uploading).status, 410)
    assert.deepEqual([await taskCount(guarded), blobNames(guarded)], [0, []])
  })

  test('a deleted upload leaves no image even if it is accepted after its client hung up', async t => {
    const guarded = await startGuarded(t)
    const { clients } = guarded
    const { key } = await guarded.makeKey({ owner: 'alice' })
    const arrived = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const { newImage } = clients.imageMaster
    let accepting: ReturnType<typeof newImage> | undefined
    t.mock.method(clients.imageMaster, 'newImage', async (call: Parameters<typeof newImage>[0]) => {
      const { signal, body: _, ...rest } = call
      arrived.resolve()
      // A master that has all bytes continues when its caller has gone.
      accepting = goOn.promise.then(() => newImage({ ...rest, body: png }))
      const gone = new Promise<never>((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason)),
      )
      return Promise.race([accepting, gone])
    })
    const tab = new AbortController()
    const headers = { authorization: `Bearer ${key}`, 'idempotency-key': 'one' }
    const uploading = fetch(`${guarded.url}/images`, {
      ...{ method: 'POST', body: png, headers, signal: tab.signal },
    })
    await arrived.promise
    await deleteUpload(guarded, key, 'one')
    tab.abort()
    await assert.rejects(uploading, { name: 'AbortError' })
    goOn.resolve()
    assert.equal((await accepting)?.status, 202)
    await until('the image is deleted', () => blobNames(guarded).length === 0)
    assert.equal(await taskCount(guarded), 0)
  })

  test('deleting an image by the Idempotency-Key of its upload is completed by another frontend', async t => {
    const guarded = await startGuarded(t)
    const { clients } = guarded
    const { key } = await guarded.makeKey({ owner: 'alice' })
    await deleteUpload(guarded, key, 'one')
    await guarded.app.close()
    const { clusterToken } = { clusterToken: guarded.env.CLUSTER_TOKEN }
    const other = buildApp({ clients, logger, clusterToken, accessMode: 'as-configured', intakeCheckMs: 20 })
    t.after(() => other.close())
    await other.ready()
    await acceptLate(guarded)
    await until('the image is deleted', () => blobNames(guarded).length === 0)
    assert.equal(await taskCount(guarded), 0)
  })

  test('deleting an image by the Idempotency-Key of its upload is completed when the task DB answers again', async t => {
    const guarded = await startGuarded(t)
    const { taskDb } = guarded.clients
    const { key } = await guarded.makeKey({ owner: 'alice' })
    await deleteUpload(guarded, key, 'one')
    const { findByKey } = taskDb
    let failures = 0
    t.mock.method(taskDb, 'findByKey', async (call: Parameters<typeof findByKey>[0]) => {
      if (++failures <= 2) throw new Error('the task DB does not answer')
      return findByKey(call)
    })
    await acceptLate(guarded)
    await until('the image is deleted', () => blobNames(guarded).length === 0)
    assert.deepEqual([failures, await taskCount(guarded)], [3, 0])
  })

  test('a deletion stays effective in its frontend if kv-config loses the mark', async t => {
    const guarded = await startGuarded(t)
    const { kv } = guarded.clients
    const { key } = await guarded.makeKey({ owner: 'alice' })
    await deleteUpload(guarded, key, 'one')
    const { body } = await kv.listKeys({ querystring: { prefix: 'deleted-uploads/' } })
    for (const mark of body.keys) await kv.deleteKey({ params: { '*': mark.key }, headers: {} })
    // A later change of the marks, which the frontend reads together with the loss.
    await deleteUpload(guarded, (await guarded.makeKey({ owner: 'bob' })).key, 'two')
    await acceptLate(guarded)
    await until('the image is deleted', () => blobNames(guarded).length === 0)
    assert.equal((await upload(guarded, key, 'one')).status, 410)
  })

  for (const [difference, offsetMs] of [
    ['behind', -600_001],
    ['ahead of', 86_400_000],
  ] as const)
    test(`a deletion is effective as long as its mark, also if the clock of its frontend is ${difference} ours`, async t => {
      const guarded = await startGuarded(t)
      const { kv } = guarded.clients
      const { key } = await guarded.makeKey({ owner: 'alice' })
      const name = createHash('sha256').update('one').digest('base64url')
      const params = { '*': `deleted-uploads/alice/${name}` }
      const mark = { owner: 'alice', idempotencyKey: 'one', until: Date.now() + 600_000 + offsetMs }
      const body = Buffer.from(JSON.stringify(mark))
      await kv.setKey({ params, querystring: { ttl: 600 }, headers: {}, body })
      await until('the mark is known', async () => (await upload(guarded, key, 'one')).status === 410)
      await acceptLate(guarded)
      await until('the image is deleted', () => blobNames(guarded).length === 0)
      assert.equal(await taskCount(guarded), 0)
      await kv.deleteKey({ params, headers: {} })
      await until('the mark is over', async () => (await upload(guarded, key, 'one')).status === 202)
    })

  test('deleting an upload needs a key of Darkroom, not a grant, and exactly one Idempotency-Key', async t => {
    const guarded = await startGuarded(t)
    const { key } = await guarded.makeKey({ owner: 'alice' })
    const made = await guarded.askWith(key, '/grants', {
      method: 'POST',
      body: Buffer.from('{}'),
      headers: json,
    })
    const statusOf = async (token: string, path: string) =>
      (await guarded.askWith(token, path, { method: 'DELETE' })).status
    assert.equal(await statusOf(String(made.json().token), deletion('one')), 403)
    assert.equal((await httpRequest(guarded.url, deletion('one'), { method: 'DELETE' })).status, 401)
    for (const path of ['/images', '/images?idempotencyKey=', `${deletion('one')}&idempotencyKey=two`])
      assert.equal(await statusOf(key, path), 400, path)
  })

  test('deleting an image by the Idempotency-Key of its upload is limited: 1000 in ten minutes', async t => {
    const guarded = await startGuarded(t)
    const { key } = await guarded.makeKey({ owner: 'alice' })
    const { kv } = guarded.clients
    const mark = { owner: 'alice', idempotencyKey: 'x', until: Date.now() + 600_000 }
    const body = Buffer.from(JSON.stringify(mark))
    const names = Array.from({ length: 999 }, (_, n) => `deleted-uploads/alice/${n}`)
    await mapConcurrently(32, names, name =>
      kv.setKey({ params: { '*': name }, querystring: {}, headers: {}, body }),
    )
    await until('the frontend has read the marks', async () => {
      const { status } = await guarded.askWith(key, deletion('one'), { method: 'DELETE' })
      return status === 429
    })
    const bob = await guarded.makeKey({ owner: 'bob' })
    await deleteUpload(guarded, bob.key, 'one')
  })

  test('deleting an image by the Idempotency-Key of its upload leaves no mark of an owner that is erased', async t => {
    const guarded = await startGuarded(t)
    const [alice, bob] = [await guarded.makeKey({ owner: 'alice' }), await guarded.makeKey({ owner: 'bob' })]
    for (const { key } of [alice, bob]) await deleteUpload(guarded, key, 'one')
    await eraseOwner(guarded.clients, 'alice')
    const { body } = await guarded.clients.kv.listKeys({ querystring: { prefix: 'deleted-uploads/' } })
    assert.deepEqual(
      body.keys.map(({ key }) => key.split('/')[1]),
      ['bob'],
    )
  })
})
