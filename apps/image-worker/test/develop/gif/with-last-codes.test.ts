import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { run } from '../run.ts'

/** Frames that are rows of a red and a green pixel. Their only bytes are two codes of four bits. */
function gifOf(frames: number): Buffer {
  const head = Buffer.from([...Buffer.from('GIF89a'), 2, 0, 1, 0, 0x81, 0, 0])
  const table = Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0])
  const control = Buffer.of(0x21, 0xf9, 4, 4, 10, 0, 0, 0)
  const image = Buffer.of(0x2c, 0, 0, 0, 0, 2, 0, 1, 0, 0, 3, 1, 0x10, 0)
  const shown = Array.from({ length: frames }, () => [control, image]).flat()
  return Buffer.concat([head, table, ...shown, Buffer.of(0x3b)])
}

test('the last pixel of a GIF stays if its code ends with the last byte, and no end code follows', async () => {
  for (const frames of [1, 3])
    for (const operations of ['flip', 'format:png', 'format:tiff']) {
      const { bytes } = await run(gifOf(frames), operations)
      const pixels = await sharp(bytes).ensureAlpha().raw().toBuffer()
      assert.deepEqual([...pixels], [255, 0, 0, 255, 0, 255, 0, 255], `${frames} frames, ${operations}`)
    }
})
