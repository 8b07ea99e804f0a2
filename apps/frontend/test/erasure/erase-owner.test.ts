// Slow: it starts services for each way of an upload.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { grantPrefix, problemType, uploadPrefix } from '@darkroom/contracts'
import { blobNames } from '@darkroom/image-master/testing'
import { connectTo, generateImage, type HttpResponse, until } from '@darkroom/testing'
import { markErased } from '../../src/access/erased-owners.ts'
import { eraseOwner } from '../../src/erasure/erase-owner.ts'
import { type Guarded, startGuarded } from '../access/start-guarded.ts'
import { finishNext, taskCount } from '../start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const tus = { 'tus-resumable': '1.0.0' }

type Key = Awaited<ReturnType<Guarded['makeKey']>>

function upload({ askWith }: Guarded, token: string, headers = {}): Promise<HttpResponse> {
  return askWith(token, '/images', { method: 'POST', body: png, headers })
}

async function makeGrant({ askWith }: Guarded, { key }: Key): Promise<string> {
  return String((await askWith(key, '/grants', { method: 'POST', body: Buffer.from('{}') })).json().token)
}

/** Begins a resumable upload; returns its path. */
async function beginUpload({ askWith, url }: Guarded, { key }: Key): Promise<string> {
  const headers = { ...tus, 'upload-length': png.length }
  const { headers: answered } = await askWith(key, '/uploads', { method: 'POST', headers })
  return new URL(String(answered.location), url).pathname
}

const uploads: Readonly<
  Record<string, (guarded: Guarded, alice: Key) => Promise<() => Promise<HttpResponse>>>
> = {
  'an upload':
    async (guarded, { key }) =>
    () =>
      upload(guarded, key),
  'an upload with a grant': async (guarded, alice) => {
    const token = await makeGrant(guarded, alice)
    return () => upload(guarded, token)
  },
  'a resumable upload': async (guarded, alice) => {
    const path = await beginUpload(guarded, alice)
    const headers = { ...tus, 'upload-offset': 0, 'content-type': 'application/offset+octet-stream' }
    return () => guarded.askWith(alice.key, path, { method: 'PATCH', body: png, headers })
  },
  'another development of an image': async (guarded, { key }) => {
    const { id: from } = (await upload(guarded, key)).json()
    await finishNext(guarded, png)
    const request = {
      body: Buffer.from(JSON.stringify({ from })),
      headers: { 'content-type': 'application/json' },
    }
    return () => guarded.askWith(key, '/images', { method: 'POST', ...request })
  },
}

/** Calls `act` when a master has accepted an image, before the frontend gets the response. */
function whenAccepted(t: TestContext, { clients: { imageMaster } }: Guarded, act: () => Promise<void>): void {
  const { newImage, copyImage } = imageMaster
  t.mock.method(imageMaster, 'newImage', async (call: Parameters<typeof newImage>[0]) => {
    const response = await newImage(call)
    await act()
    return response
  })
  t.mock.method(imageMaster, 'copyImage', async (call: Parameters<typeof copyImage>[0]) => {
    const response = await copyImage(call)
    await act()
    return response
  })
}

async function untilRefused({ askWith }: Guarded, { key }: Key): Promise<void> {
  await until('the key is refused', async () => (await askWith(key, '/images')).status === 401)
}

suite('an owner that is erased while the master accepts an image', () => {
  for (const [name, prepare] of Object.entries(uploads))
    test(`an owner that is erased while the master accepts an image gets no image by ${name}`, async t => {
      const guarded = await startGuarded(t)
      const alice = await guarded.makeKey({ owner: 'alice' })
      const send = await prepare(guarded, alice)
      const before = await taskCount(guarded)
      const filesBefore = blobNames(guarded).length
      whenAccepted(t, guarded, async () => {
        await markErased(guarded.clients.kv, 'alice')
        await guarded.store.revoke(alice.id)
        await untilRefused(guarded, alice)
      })
      const response = await send()
      const code = name === 'an upload with a grant' ? 'grant-refused' : 'key-refused'
      assert.deepEqual([response.status, response.json().type], [401, problemType(code)])
      assert.equal(await taskCount(guarded), before)
      assert.equal(blobNames(guarded).length, filesBefore)
    })
})

test('an owner that is erased gets no image by an upload whose client hung up after it had sent everything', async t => {
  const guarded = await startGuarded(t)
  const alice = await guarded.makeKey({ owner: 'alice' })
  const { imageMaster } = guarded.clients
  const { newImage } = imageMaster
  const client = connectTo(t, guarded.url)
  const [connection] = await once(guarded.app.server, 'connection')
  t.mock.method(imageMaster, 'newImage', async ({ signal, ...call }: Parameters<typeof newImage>[0]) => {
    const response = await newImage(call)
    await markErased(guarded.clients.kv, 'alice')
    await guarded.store.revoke(alice.id)
    await untilRefused(guarded, alice)
    // After a FIN, the server still answers; only a reset closes the connection.
    const hungUp = Promise.withResolvers<void>()
    connection.once('close', hungUp.resolve)
    client.resetAndDestroy()
    await hungUp.promise
    await nextTurn()
    // A call between processes doesn't wait for a response after this.
    signal?.throwIfAborted()
    return response
  })
  const head = `POST /images HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${alice.key}\r\n`
  client.write(`${head}content-length: ${png.length}\r\n\r\n`)
  client.write(png)
  await once(client, 'close')
  await until('the image is deleted', () => blobNames(guarded).length === 0)
  assert.equal(await taskCount(guarded), 0)
})

test('an image that is accepted stays if its key is rotated meanwhile', async t => {
  const guarded = await startGuarded(t)
  const alice = await guarded.makeKey({ owner: 'alice' })
  whenAccepted(t, guarded, async () => {
    await guarded.store.rotate(alice.id, 0, 'a test')
    await untilRefused(guarded, alice)
  })
  assert.equal((await upload(guarded, alice.key)).status, 202)
  assert.equal(await taskCount(guarded), 1)
})

test('erasing an owner leaves nothing of the owner, and everything of others', async t => {
  const guarded = await startGuarded(t)
  const { clients } = guarded
  const [alice, bob] = [await guarded.makeKey({ owner: 'alice' }), await guarded.makeKey({ owner: 'bob' })]
  const grants: string[] = []
  for (const key of [alice, bob]) {
    await upload(guarded, key.key)
    await beginUpload(guarded, key)
    grants.push(await makeGrant(guarded, key))
    await guarded.askWith(key.key, '/webhooks/secret')
  }
  assert.deepEqual(await eraseOwner(clients, 'alice'), { keys: 1, images: 1, uploads: 1 })
  await untilRefused(guarded, alice)
  const keysUnder = async (prefix: string) =>
    (await clients.kv.listKeys({ querystring: { prefix } })).body.keys.map(({ key }) => key)
  assert.deepEqual(await keysUnder('keys/'), [`keys/${bob.id}`])
  assert.deepEqual(await keysUnder('secrets/webhooks/'), ['secrets/webhooks/bob'])
  assert.match((await keysUnder(uploadPrefix)).join(), /^uploads\/bob\/[^,]+$/)
  assert.equal((await keysUnder(grantPrefix)).length, 1)
  assert.match((await keysUnder('grants-of/')).join(), /^grants-of\/bob\/[0-9a-f]{12}$/)
  assert.equal((await upload(guarded, String(grants[0]))).status, 401)
  assert.equal((await upload(guarded, String(grants[1]))).status, 202)
  const { body } = await clients.taskDb.listTasks({ querystring: {} })
  assert.deepEqual(
    body.tasks.map(({ owner }) => owner),
    ['bob', 'bob'],
  )
})
