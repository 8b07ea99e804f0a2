import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutPadding } from '../../../src/develop/gif/without-padding.ts'
import { UnusableImage } from '../../../src/develop/unusable-image.ts'
import { assembleGif, comment, type GifFrame, gifBlocks } from '../../permute/gif/gif-assembler.ts'
import { run } from '../run.ts'

const frame = (index: number): GifFrame => ({
  width: 8,
  height: 8,
  indexes: new Array(64).fill(index),
  palette: Uint8Array.from([255, 0, 0, 0, 0, 255]),
  control: { delay: 10, disposal: 1 },
})
const picture = {
  width: 8,
  height: 8,
  loop: 3,
  extensions: [comment('a')],
  frames: [frame(0), frame(1), frame(0)],
}
const gif = assembleGif(picture)
const blocks = gifBlocks(picture)

/** The GIF with bytes before its extensions, frames and trailer. */
function padded(bytes: Uint8Array): Buffer {
  const starts = new Set([0x21, 0x2c, 0x3b])
  return Buffer.concat(blocks.flatMap(block => (starts.has(block[0] ?? 0) ? [bytes, block] : [block])))
}

test('a GIF with zeros between its blocks is developed as without them', async () => {
  for (const zeros of [1, 3, 1000]) {
    const file = padded(Buffer.alloc(zeros))
    assert.equal(file.length, gif.length + 9 * zeros)
    for (const operation of ['swap-channels:bgr', 'flip', 'resize:4x', 'format:webp', 'metadata:keep'])
      assert.deepEqual(await run(file, operation), await run(gif, operation), `${zeros} zeros, ${operation}`)
  }
})

test('zeros may be there instead of the trailer of a GIF', async () => {
  const open = gif.subarray(0, -1)
  const file = Buffer.concat([open, Buffer.alloc(9)])
  for (const operation of ['swap-channels:bgr', 'flip'])
    assert.deepEqual(await run(file, operation), await run(open, operation), operation)
})

test('other bytes between the blocks of a GIF may be the rest of a damaged frame, so the image fails', async () => {
  for (const operation of ['swap-channels:bgr', 'flip'])
    await assert.rejects(run(padded(Buffer.from('abc')), operation), UnusableImage)
})

test('a GIF without zeros between its blocks is not copied, and bytes after its trailer stay', () => {
  for (const file of [gif, gif.subarray(0, -1), gif.subarray(0, 20), Buffer.concat([gif, Buffer.alloc(9)])])
    assert.equal(withoutPadding(file), file)
})
