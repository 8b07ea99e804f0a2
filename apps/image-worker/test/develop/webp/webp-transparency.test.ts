import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { bytesOf } from '../run.ts'

test('an animated WebP whose frames leave parts uncovered declares its transparency', async () => {
  const webp = await sharp([await lineOf('#f00'), await lineOf('#00f')], { join: { animated: true } })
    .webp({ lossless: true, delay: [50, 50] })
    .toBuffer()
  assert.equal(declaresTransparency(webp), false, 'libwebp alone does not')
  for (const operations of ['swap-channels:bgr', 'flip', 'format:webp:90'])
    assert.equal(declaresTransparency(await bytesOf(webp, operations)), true, operations)
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
