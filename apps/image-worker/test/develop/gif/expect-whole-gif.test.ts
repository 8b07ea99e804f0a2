import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assembleGif, type GifFrame, gifBlocks } from '../../permute/gif/gif-assembler.ts'
import { run } from '../run.ts'

const palette = Uint8Array.from([255, 0, 0, 0, 0, 255])
const frame = (index: number): GifFrame => ({
  width: 8,
  height: 8,
  indexes: new Array(64).fill(index),
  control: { delay: 10, disposal: 1 },
})
const picture = { width: 8, height: 8, palette, frames: [frame(0), frame(1), frame(0)] }
const gif = assembleGif(picture)
const operations = ['swap-channels:bgr', 'flip', 'resize:4x', 'format:webp', 'format:png']

test('a GIF that is cut off within a frame fails, instead of losing the frame', async () => {
  const ends = new Set<number>()
  let end = 0
  for (const block of gifBlocks(picture)) {
    end += block.length
    ends.add(end)
  }
  // The first frame is complete: without it, there is no picture at all.
  const firstEnd = assembleGif({ ...picture, frames: [frame(0)] }).length - 1
  for (let length = firstEnd + 1; length < gif.length - 1; length += 3) {
    if (ends.has(length)) continue
    const error = {
      code: 'undecodable-image',
      message: 'the GIF is cut off or damaged: the file ends too early',
    }
    for (const operation of operations)
      await assert.rejects(run(gif.subarray(0, length), operation), error, `${operation} of ${length} bytes`)
  }
})

test('a GIF fails if a frame has fewer pixels than its size', async () => {
  const short: GifFrame = { ...frame(1), indexes: new Array(60).fill(1) }
  for (const frames of [[short], [frame(0), short], [short, frame(0)]])
    for (const operation of operations)
      await assert.rejects(run(assembleGif({ ...picture, frames }), operation), {
        code: 'undecodable-image',
        message: 'the GIF is cut off or damaged: a frame has fewer pixels than its size',
      })
})

test('a GIF may lack its trailer', async () => {
  for (const operation of operations)
    assert.deepEqual((await run(gif.subarray(0, -1), operation)).facts, (await run(gif, operation)).facts)
})
