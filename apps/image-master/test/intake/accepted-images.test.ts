import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { defaultOperations } from '@darkroom/contracts'
import { generateImage, imageKinds, sha256 } from '@darkroom/testing'
import sharp from 'sharp'
import { startMaster, upload } from '../start-master.ts'
import { chunksOf, taskOf } from './uploading.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const master = await startMaster({ after }, { MAX_UPLOAD_BYTES: '500000' })

test('an image of exactly the allowed size is accepted', async () => {
  const body = Buffer.concat([png, Buffer.alloc(500_000 - png.length)])
  assert.equal(taskOf(await upload(master, body)).original.bytes, 500_000)
})

for (const kind of imageKinds) {
  test(`a ${kind} image becomes a task, and its bytes are stored as they came`, async () => {
    const bytes = await generateImage({ kind, width: 70, height: 50, seed: 3 })
    const { id, original, ...task } = taskOf(await upload(master, chunksOf(bytes, 1000)))
    const { format } = await sharp(bytes).metadata()
    assert.deepEqual(original, {
      contentType: `image/${format === 'heif' ? 'avif' : format}`,
      bytes: bytes.length,
      width: 70,
      height: 50,
      frames: 1,
      sha256: sha256(bytes),
    })
    assert.deepEqual([task.state, task.attempts, task.maxAttempts], ['not-started', 0, 3])
    assert.deepEqual(task.operations, defaultOperations)
    const stored = await master.clients.storage.getBlob({ params: { key: id, stage: 'pre' }, headers: {} })
    assert.equal(stored.status, 200)
    assert.equal(stored.headers['content-type'], original.contentType)
    assert.ok(stored.status === 200 && bytes.equals(await stored.body.bytes()))
  })
}

for (const orientation of [1, 3, 5, 6, 7, 8]) {
  test(`the size of an image with EXIF orientation ${orientation} is its displayed size`, async () => {
    const image = sharp(png).withMetadata({ orientation })
    const { original } = taskOf(await upload(master, await image.jpeg().toBuffer()))
    assert.deepEqual([original.width, original.height], orientation >= 5 ? [30, 40] : [40, 30])
  })
}

test('the size of an animation is the size of one frame', async () => {
  const frames = await Promise.all(
    [1, 2, 3].map(seed => generateImage({ kind: 'png', width: 20, height: 10, seed })),
  )
  const gif = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer()
  const { original } = taskOf(await upload(master, gif))
  assert.deepEqual([original.width, original.height, original.frames], [20, 10, 3])
})

test('the Content-Type of the client is ignored', async () => {
  const response = await upload(master, png, { headers: { 'content-type': 'text/html' } })
  assert.equal(taskOf(response).original.contentType, 'image/png')
})

test('operations are accepted as text and as JSON', async () => {
  const operations = [
    { name: 'swap-channels', order: 'gbr' },
    { name: 'swap-channels', order: 'bgr' },
  ]
  for (const text of ['swap-channels:gbr,swap-channels', JSON.stringify(operations)]) {
    const response = await upload(master, png, { query: `?operations=${encodeURIComponent(text)}` })
    assert.deepEqual(taskOf(response).operations, operations)
  }
})
