// Slow: it fills the queue and the memory for uploads.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { assertProblem, generateImage, until } from '@darkroom/testing'
import { blobNames } from '../neighbours.ts'
import { facts } from '../sample-facts.ts'
import { beginUpload, startMaster, upload } from '../start-master.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
/** Longer than the head, so that a part of it is already sent to the storage. */
const half = Buffer.concat([png, Buffer.alloc(200_000)])

suite('bytes in flight', () => {
  test('uploads are refused with 503 while too many bytes are being received', async t => {
    const master = await startMaster(t, { MAX_BYTES_IN_FLIGHT: '150000' })
    const slow = await beginUpload(master, half)
    const refused = await until('one is refused', async () => {
      const response = await upload(master, png)
      return response.status === 503 && response
    })
    assertProblem(refused, 503, 'too-many-uploads')
    assert.ok(Number(refused.headers['retry-after']) > 0)
    const answered = once(slow, 'response')
    slow.end()
    const [{ statusCode }] = await answered
    assert.equal(statusCode, 202)
    assert.equal((await upload(master, png)).status, 202)
  })

  test('fault: bytes of interrupted uploads no longer count, and are not kept', async t => {
    const master = await startMaster(t, { MAX_BYTES_IN_FLIGHT: '150000' })
    for (let n = 0; n < 3; n++) {
      const broken = await beginUpload(master, half)
      await until('it counts', async () => (await upload(master, Buffer.from('no image'))).status === 503)
      broken.destroy()
      await until(
        'its bytes no longer count',
        async () => (await upload(master, Buffer.from('no image'))).status === 415,
      )
    }
    assert.equal((await upload(master, png)).status, 202)
    assert.equal(blobNames(master).length, 1)
  })

  test('bytes of refused uploads no longer count', async t => {
    const master = await startMaster(t, { MAX_BYTES_IN_FLIGHT: '100000', MAX_UPLOAD_BYTES: '150000' })
    for (const body of [Buffer.alloc(140_000, 'no image '), half, Buffer.alloc(140_000, 'no image ')])
      assert.ok([413, 415].includes((await upload(master, body)).status))
    async function* unknownLength() {
      yield half
    }
    assert.equal((await upload(master, unknownLength())).status, 413)
    assert.equal((await upload(master, png)).status, 202)
  })

  test('slow uploads of one owner leave room for another owner', async t => {
    const master = await startMaster(t, { MAX_BYTES_IN_FLIGHT: '500000' })
    const slow = await Promise.all([1, 2, 3].map(() => beginUpload(master, half, {}, '?owner=alice')))
    const [refused] = await Promise.race(slow.map(sent => once(sent, 'response')))
    assert.equal(refused.statusCode, 503)
    assert.ok(Number(refused.headers['retry-after']) > 0)
    assert.equal((await upload(master, png, { query: '?owner=bob' })).status, 202)
    for (const sent of slow) sent.destroy()
    await until(
      'alice has room',
      async () => (await upload(master, png, { query: '?owner=alice' })).status === 202,
    )
  })

  test('fault: bytes of uploads no longer count when the storage does not answer', async t => {
    const master = await startMaster(t, { MAX_BYTES_IN_FLIGHT: '100000' })
    await master.storage.close()
    for (let n = 0; n < 3; n++) {
      const response = await upload(master, half)
      assertProblem(response, 503, 'unavailable')
      assert.ok(Number(response.headers['retry-after']) > 0)
    }
  })
})

suite('a queue that is full', () => {
  test('uploads are refused with 429 while the queue is full, and accepted again when it is shorter', async t => {
    const master = await startMaster(t, { MAX_QUEUED: '2' })
    assert.equal((await upload(master, png)).status, 202)
    assert.equal((await upload(master, png)).status, 202)
    const refused = await until('the queue is full', async () => {
      const response = await upload(master, Buffer.from('no image'))
      return response.status === 429 && response
    })
    assertProblem(refused, 429, 'queue-full')
    assert.ok(Number(refused.headers['retry-after']) > 0)
    await master.clients.taskDb.claimTask({ querystring: {}, body: { worker: 'w', leaseMs: 60_000 } })
    await until('an image is taken', async () => (await upload(master, png)).status === 202)
  })

  test('an owner with too many images waiting is refused with 429, and others are not', async t => {
    const master = await startMaster(t, { MAX_QUEUED_PER_OWNER: '2' })
    const uploadOf = (owner: string, body: Uint8Array = png) => upload(master, body, { query: owner })
    for (const owner of ['?owner=alice', '?owner=alice', '?owner=bob', ''])
      assert.equal((await uploadOf(owner)).status, 202)
    const refused = await until('alice is refused', async () => {
      const response = await uploadOf('?owner=alice', Buffer.from('no image'))
      return response.status === 429 && response
    })
    assertProblem(refused, 429, 'owner-queue-full', /^2 images of alice are waiting; at most 2 may wait$/)
    assert.ok(Number(refused.headers['retry-after']) > 0)
    assert.equal((await uploadOf('?owner=bob')).status, 202)
    assert.equal((await uploadOf('')).status, 202)
    await master.clients.taskDb.claimTask({ querystring: {}, body: { worker: 'w', leaseMs: 60_000 } })
    await until('an image of alice is taken', async () => (await uploadOf('?owner=alice')).status === 202)
  })

  test('several owners with many images waiting leave room for another owner', async t => {
    const master = await startMaster(t, { MAX_QUEUED: '12', MAX_QUEUED_PER_OWNER: '6' })
    for (let n = 0; n < 8; n++)
      await master.clients.taskDb.putTask({
        params: { id: `01990000-0000-7000-8000-00000000000${n}` },
        body: { state: 'not-started', maxAttempts: 3, original: facts, owner: n % 2 ? 'alice' : 'bob' },
      })
    const uploadOf = (owner: string) => upload(master, png, { query: `?owner=${owner}` })
    for (const owner of ['alice', 'bob']) {
      const refused = await uploadOf(owner)
      assert.deepEqual(
        [refused.status, refused.json().detail],
        [429, `4 images of ${owner} are waiting; at most 4 may wait`],
      )
    }
    assert.equal((await uploadOf('carol')).status, 202)
  })
})
