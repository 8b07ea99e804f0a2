import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { assertProblem, generateImage, until } from '@darkroom/testing'
import { blobNames } from '../neighbours.ts'
import { beginUpload, startMaster, upload } from '../start-master.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
/** Longer than the head, so that a part of it is already sent to the storage. */
const half = Buffer.concat([png, Buffer.alloc(200_000)])

suite('faults during an upload', () => {
  test('fault: the task DB stops while the bytes are stored: 503, and the bytes stay for the sweeper', async t => {
    const master = await startMaster(t)
    const slow = await beginUpload(master, half)
    await until('it is on its way to the storage', () => blobNames(master).length > 0)
    await master.taskDb.close()
    const answered = once(slow, 'response')
    slow.end()
    const [response] = await answered
    assert.equal(response.statusCode, 503)
    assert.ok(Number(response.headers['retry-after']) > 0)
    assert.equal(blobNames(master).length, 1)
  })

  test('fault: the storage is full: 503 with its reason and Retry-After', async t => {
    const master = await startMaster(t, { MIN_FREE_BYTES: String(Number.MAX_SAFE_INTEGER) })
    for (const body of [png, half]) {
      const response = await upload(master, body)
      assertProblem(response, 503, 'disk-full')
      assert.ok(Number(response.headers['retry-after']) > 0)
    }
    assert.deepEqual(blobNames(master), [])
  })

  test('fault: a client that hangs up half-way leaves nothing', async t => {
    const master = await startMaster(t)
    const broken = await beginUpload(master, half, { 'content-length': '1000000' })
    await until('it is on its way to the storage', () => blobNames(master).length > 0)
    broken.destroy()
    await until('nothing is left', () => blobNames(master).length === 0)
    const { body } = await master.clients.taskDb.listTasks({ querystring: {} })
    assert.deepEqual(body.tasks, [])
  })
})
