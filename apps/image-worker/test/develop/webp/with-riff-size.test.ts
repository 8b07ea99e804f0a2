import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { withRiffSize } from '../../../src/develop/webp/with-riff-size.ts'
import { bytesOf } from '../run.ts'

const operationsOfAll = ['swap-channels:bgr', 'flip,metadata:keep', 'resize:8x', 'format:png'] as const

const plain = await sharp({ create: { width: 16, height: 12, channels: 3, background: '#c40' } })
  .webp({ lossless: true })
  .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
  .toBuffer()

test('a WebP with a wrong size in its RIFF header is developed as with the right one', async () => {
  for (const excess of [1, 8, 1000]) {
    const webp = Buffer.from(plain)
    webp.writeUInt32LE(plain.length - 8 + excess, 4)
    await assertLikePlain(webp, `${excess} bytes too many`)
  }
})

test('a WebP without the padding of its last chunk is developed as with it', async () => {
  assert.equal(plain.readUInt32LE(plain.lastIndexOf('XMP ') + 4) % 2, 1, 'the last chunk has an odd size')
  const webp = plain.subarray(0, -1)
  await assertLikePlain(webp, 'without padding')
  const counted = Buffer.from(webp)
  counted.writeUInt32LE(webp.length - 8, 4)
  await assertLikePlain(counted, 'without padding, and not counted')
  assert.equal(withRiffSize(plain), plain)
})

async function assertLikePlain(webp: Buffer, message: string): Promise<void> {
  for (const operations of operationsOfAll) {
    const [found, wanted] = [await bytesOf(webp, operations), await bytesOf(plain, operations)]
    assert.deepEqual(Buffer.from(found), Buffer.from(wanted), `${message}, ${operations}`)
  }
}
