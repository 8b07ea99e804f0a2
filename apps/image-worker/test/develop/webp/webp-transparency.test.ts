import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { withOwnTransparency } from '../../../src/develop/webp/with-own-transparency.ts'
import { inspect } from '../inspect.ts'
import { bytesOf } from '../run.ts'

test('an animated WebP whose frames leave parts uncovered declares its transparency', async () => {
  const webp = await sharp([await lineOf('#f00'), await lineOf('#00f')], { join: { animated: true } })
    .webp({ lossless: true, delay: [50, 50] })
    .toBuffer()
  assert.equal(declaresTransparency(webp), false, 'libwebp alone does not')
  for (const operations of ['swap-channels:bgr', 'flip', 'format:webp:90'])
    assert.equal(declaresTransparency(await bytesOf(webp, operations)), true, operations)
})

test('a still lossless WebP keeps its transparency if only its image declares it', async () => {
  const plain = await sharp(await lineOf('#f008'))
    .webp({ lossless: true })
    .toBuffer()
  const bare = plain.subarray(plain.indexOf('VP8L'))
  // VP8X without flags, and the width and height less 1.
  const extended = Buffer.from([...Buffer.from('VP8X'), 10, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 15, 0, 0])
  const head = Buffer.from('RIFF....WEBP')
  head.writeUInt32LE(4 + extended.length + bare.length, 4)
  const webp = Buffer.concat([head, extended, bare])
  for (const operations of [
    'swap-channels:bgr',
    'flip,flip',
    'format:png',
    'resize:8x',
    'invert,format:tiff',
  ]) {
    const [found, wanted] = [await bytesOf(webp, operations), await bytesOf(plain, operations)]
    assert.deepEqual((await inspect(found)).samples, (await inspect(wanted)).samples, operations)
  }
  const opaque = await sharp(plain).removeAlpha().webp({ lossless: true }).toBuffer()
  assert.equal(withOwnTransparency(opaque), opaque)
  assert.equal(withOwnTransparency(plain), plain)
})

/** A line across a transparent image. */
function lineOf(colour: string): Promise<Buffer> {
  const line = { create: { width: 16, height: 2, channels: 4, background: colour } } as const
  const create = { width: 16, height: 16, channels: 4, background: '#0000' } as const
  return sharp({ create })
    .composite([{ input: line, left: 0, top: 6 }])
    .png()
    .toBuffer()
}

/** RFC 9649, 2.7.1 */
function declaresTransparency(webp: Uint8Array): boolean {
  return ((webp[20] ?? 0) & 0x10) !== 0
}
