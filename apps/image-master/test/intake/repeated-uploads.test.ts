import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { assertProblem, generateImage, sha256 } from '@darkroom/testing'
import { startMaster, storedKeys, upload } from '../start-master.ts'
import { taskOf } from './uploading.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const master = await startMaster({ after })

suite('idempotency keys', () => {
  test('two owners with the same key get an image each, and see only their own', async () => {
    const send = async (query: string) =>
      String((await upload(master, png, { headers: { 'idempotency-key': 'shared' }, query })).json().id)
    const ids = [await send('?owner=alice'), await send('?owner=bob'), await send('')]
    assert.equal(new Set(ids).size, 3)
    assert.deepEqual([await send('?owner=alice'), await send('?owner=bob'), await send('')], ids)
  })

  const again = (key: string, image = png, query = '') =>
    upload(master, image, { headers: { 'idempotency-key': key }, query })

  test('the same key and image again, also at once, are one task with its bytes once', async () => {
    const before = await storedKeys(master)
    const ids = (await Promise.all([again('a'), again('a'), again('a')])).map(response => taskOf(response).id)
    ids.push(taskOf(await again('a')).id)
    assert.equal(new Set(ids).size, 1)
    assert.deepEqual((await storedKeys(master)).pre, [...before.pre, ...new Set(ids)].sort())
  })

  test('the same key with another image or other operations is refused with 422, and leaves nothing', async () => {
    const { id } = taskOf(await again('b'))
    const before = await storedKeys(master)
    const other = await generateImage({ kind: 'png', width: 40, height: 30, seed: 2 })
    assertProblem(await again('b', other), 422, 'idempotency-key-reused')
    assertProblem(await again('b', png, '?operations=swap-channels:gbr'), 422, 'idempotency-key-reused')
    assert.deepEqual(await storedKeys(master), before)
    assert.equal(taskOf(await again('b')).id, id)
  })

  test('the key may be used again when its image is deleted', async () => {
    const { id } = taskOf(await again('c'))
    await master.clients.taskDb.deleteTask({ params: { id } })
    assert.notEqual(taskOf(await again('c')).id, id)
  })

  test('a key that is empty or too long is refused', async () => {
    for (const key of ['', 'k'.repeat(256)]) assertProblem(await again(key), 400, 'invalid-request')
  })
})

suite('two uploads with the same id', () => {
  const newId = () => randomUUID().replace(/(?<=^.{14})./, '7')
  const givenId = newId()
  const send = (body: Uint8Array | AsyncIterable<Uint8Array>, id = givenId) =>
    upload(master, body, { query: `?id=${id}` })
  const longImage = Buffer.concat([png, Buffer.alloc(300_000, 1)])
  const otherImage = Buffer.concat([png, Buffer.alloc(300_000, 2)])

  test('two uploads with the same id and different bytes at once: one is accepted, and its bytes are stored', async () => {
    const { promise: accepted, resolve } = Promise.withResolvers<void>()
    const slowImage = async function* () {
      yield longImage.subarray(0, 200_000)
      await accepted
      yield longImage.subarray(200_000)
    }
    const slow = send(slowImage())
    const task = taskOf(await send(otherImage))
    resolve()
    assertProblem(await slow, 422, 'idempotency-key-reused')
    const stored = await master.clients.storage.getBlob({
      params: { key: givenId, stage: 'pre' },
      headers: {},
    })
    assert.equal(stored.status, 200)
    const digest = sha256(otherImage)
    assert.deepEqual([task.original.sha256, stored.headers.etag], [digest, `"${digest}"`])
  })

  test('a second upload with the same id gets the task if its bytes are the same, and is refused otherwise', async () => {
    const { id } = taskOf(await send(otherImage))
    assert.equal(id, givenId)
    assertProblem(await send(longImage), 422, 'idempotency-key-reused')
    assertProblem(await send(png), 422, 'idempotency-key-reused')
  })

  test('an upload uses or replaces the bytes that a crash left under its id without a task', async () => {
    const id = newId()
    for (const body of [longImage, png]) {
      const params = { key: id, stage: 'pre' } as const
      await master.clients.storage.putBlob({ params, querystring: {}, headers: {}, body })
      const task = taskOf(await send(body, id))
      assert.deepEqual([task.id, task.original.bytes, task.original.width], [id, body.length, 40])
      await master.clients.taskDb.deleteTask({ params: { id } })
    }
  })
})
