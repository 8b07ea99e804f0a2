import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { blobNames } from '@darkroom/image-master/testing'
import { assertProblem, generateImage, type HttpRequest, until } from '@darkroom/testing'
import { taskCount } from '../start-frontend.ts'
import { type Guarded, startGuarded } from './start-guarded.ts'

const png = await generateImage({ kind: 'png', width: 400, height: 300, seed: 1 })

/** Sends half of the image, revokes the key, and then sends the rest. */
async function uploadAndRevoke(
  guarded: Guarded,
  { id, key }: { id: string; key: string },
  path: string,
  request: HttpRequest,
) {
  const revoked = Promise.withResolvers<void>()
  async function* body() {
    yield png.subarray(0, png.length / 2)
    await revoked.promise
    yield png.subarray(png.length / 2)
  }
  const uploading = guarded.askWith(key, path, { ...request, body: body() })
  await until('the image is being stored', () => blobNames(guarded).length > 0)
  await guarded.store.revoke(id)
  await until('the key is refused', async () => (await guarded.askWith(key, '/images')).status === 401)
  revoked.resolve()
  return uploading
}

suite('an upload whose key is revoked meanwhile', () => {
  test('an upload whose key is revoked meanwhile is refused, and leaves nothing', async t => {
    const guarded = await startGuarded(t)
    const alice = await guarded.makeKey({ owner: 'alice' })
    const response = await uploadAndRevoke(guarded, alice, '/images', { method: 'POST' })
    assert.deepEqual([response.status, response.json().type], [401, problemType('key-refused')])
    assert.equal(await taskCount(guarded), 0)
    await until('nothing is stored', () => blobNames(guarded).length === 0)
  })

  test('an upload with a grant whose key is revoked meanwhile is refused as one whose grant has ended', async t => {
    const guarded = await startGuarded(t)
    const { id, key } = await guarded.makeKey({ owner: 'alice' })
    const granted = await guarded.askWith(key, '/grants', { method: 'POST' })
    const grant = { id, key: String(granted.json().token) }
    const response = await uploadAndRevoke(guarded, grant, '/images', { method: 'POST' })
    assertProblem(response, 401, 'grant-refused')
    assert.equal(await taskCount(guarded), 0)
  })

  test('an upload whose key is revoked meanwhile makes no image if it is resumable', async t => {
    const guarded = await startGuarded(t)
    const alice = await guarded.makeKey({ owner: 'alice' })
    const tus = { 'tus-resumable': '1.0.0' }
    const created = await guarded.askWith(alice.key, '/uploads', {
      method: 'POST',
      headers: { ...tus, 'upload-length': png.length },
    })
    const path = new URL(String(created.headers.location), guarded.url).pathname
    const headers = { ...tus, 'upload-offset': 0, 'content-type': 'application/offset+octet-stream' }
    const response = await uploadAndRevoke(guarded, alice, path, {
      method: 'PATCH',
      headers: { ...headers, 'content-length': png.length },
    })
    assert.equal(response.status, 401)
    assert.equal(await taskCount(guarded), 0)
  })
})
