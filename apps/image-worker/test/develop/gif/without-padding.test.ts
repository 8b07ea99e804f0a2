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

test('a GIF with a few stray bytes between its blocks is developed as without them', async () => {
  for (const strays of [Buffer.of(1), Buffer.from('\r\n'), Buffer.from('\0\0strays'), Buffer.alloc(7, 0xff)])
    for (const operation of ['swap-channels:bgr', 'flip', 'resize:4x', 'format:webp'])
      assert.deepEqual(await run(padded(strays), operation), await run(gif, operation), operation)
})

test('as many stray bytes as a block has may be a block whose first byte is damaged, so the image fails', async () => {
  const damaged = [0x21, 0x2c].map(introducer => {
    const last = blocks.findLastIndex(([first]) => first === introducer)
    return Buffer.concat(
      blocks.with(last, Buffer.concat([Buffer.of(0x7e), blocks[last]?.subarray(1) ?? assert.fail()])),
    )
  })
  for (const file of [padded(Buffer.alloc(8, 0xff)), ...damaged])
    for (const operation of ['swap-channels:bgr', 'flip'])
      await assert.rejects(run(file, operation), UnusableImage, operation)
})

test('a GIF without zeros between its blocks is not copied, and bytes after its trailer stay', () => {
  for (const file of [gif, gif.subarray(0, -1), gif.subarray(0, 20), Buffer.concat([gif, Buffer.alloc(9)])])
    assert.equal(withoutPadding(file), file)
})
