import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { assembleGif, type GifFrame } from '../../permute/gif/gif-assembler.ts'
import { run } from '../run.ts'

const palette = Uint8Array.from([255, 0, 0, 0, 0, 255])
const screen = { width: 3, height: 1, palette }
const part = (left: number, disposal: number): GifFrame => ({
  left,
  width: 2,
  height: 1,
  indexes: [0, 1],
  control: { delay: 10, disposal },
})
const whole = (disposal: number): GifFrame => ({
  width: 3,
  height: 1,
  indexes: [0, 0, 0],
  control: { delay: 10, disposal },
})

test('the screen of a GIF is transparent where no frame covers it', async () => {
  const [red, blue, none] = ['ff0000ff', '0000ffff', '00000000']
  const files = [
    { frames: [part(1, 0)], shows: [[none, red, blue]] },
    {
      frames: [part(0, 1), part(1, 1)],
      shows: [
        [red, blue, none],
        [red, red, blue],
      ],
    },
    // Both restore what was before the frame.
    ...[3, 4].map(disposal => ({
      frames: [whole(disposal), part(0, 1)],
      shows: [
        [red, red, red],
        [red, blue, none],
      ],
    })),
  ]
  for (const { frames, shows } of files) {
    const { bytes } = await run(assembleGif({ ...screen, frames }), 'flip')
    const { delay } = await sharp(bytes, { pages: -1 }).metadata()
    assert.deepEqual(delay ?? [100], new Array(frames.length).fill(100))
    const rgba = await sharp(bytes, { pages: -1 }).ensureAlpha().raw().toBuffer()
    const pixels = rgba.toString('hex').match(/.{8}/g) ?? []
    assert.deepEqual(
      pixels.map(pixel => (pixel.endsWith('00') ? none : pixel)),
      shows.flat(),
    )
  }
})

test('a GIF keeps the size of its screen, although its first frame is smaller', async () => {
  for (const [width, height] of [
    [640, 480],
    [2050, 3],
    [3, 2],
  ] as const) {
    const gif = assembleGif({ width, height, palette, frames: [part(1, 1), part(0, 1)] })
    for (const operations of ['swap-channels:bgr', 'flip', 'format:webp']) {
      const { facts } = await run(gif, operations)
      assert.deepEqual([facts.width, facts.height, facts.frames], [width, height, 2], operations)
    }
  }
})

test("a GIF whose first frame reaches beyond the largest screen fails with the decoder's reason", async () => {
  const wide = { width: 1, height: 1, palette, frames: [part(65_535, 0)] }
  await assert.rejects(run(assembleGif(wide), 'format:png'), /bad image dimensions/)
})
