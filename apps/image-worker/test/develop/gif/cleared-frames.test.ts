import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { coloursOfFrame } from '../../../src/develop/gif/colours-of-frame.ts'
import { compressIndexes, StringTable } from '../../../src/develop/gif/lzw.ts'
import { assembleGif, type GifFrame } from '../../permute/gif/gif-assembler.ts'
import { randomFrom } from '../../seeded-random.ts'
import { run } from '../run.ts'

const palette = Uint8Array.from([255, 0, 0, 0, 0, 255])
const [red, blue, none] = ['ff0000ff', '0000ffff', '00000000']
const keep = 1
const clear = 2
const restorePrevious = [3, 4]

function frame(indexes: number[], disposal: number, transparent?: number): GifFrame {
  const control = { delay: 10, disposal, ...(transparent !== undefined && { transparent }) }
  return { width: indexes.length, height: 1, indexes, control }
}

test('a frame without transparency is cleared to transparency, not to the background colour', async () => {
  const files = [
    {
      frames: [frame([0, 1, 1], clear), frame([0], keep)],
      shows: [
        [red, blue, blue],
        [red, none, none],
      ],
    },
    {
      frames: [frame([0, 0, 0], keep), frame([1, 1], clear), frame([1, 0, 1], keep, 1)],
      shows: [
        [red, red, red],
        [blue, blue, red],
        [none, red, red],
      ],
    },
    ...restorePrevious.map(restore => ({
      frames: [frame([0, 0, 0], clear), frame([1, 1, 1], restore), frame([0, 1, 0], keep, 0)],
      shows: [
        [red, red, red],
        [blue, blue, blue],
        [none, blue, none],
      ],
    })),
  ]
  for (const { frames, shows } of files) {
    const { bytes } = await run(assembleGif({ width: 3, height: 1, palette, frames }), 'flip')
    const rgba = await sharp(bytes, { pages: -1 }).ensureAlpha().raw().toBuffer()
    const pixels = rgba.toString('hex').match(/.{8}/g) ?? []
    assert.deepEqual(
      pixels.map(pixel => (pixel.endsWith('00') ? none : pixel)),
      shows.flat(),
    )
  }
})

test('the colours of a frame are found in its codes', () => {
  const [random, strings] = [randomFrom(7), new StringTable()]
  for (const most of [1, 3, 200, 256]) {
    const indexes = Uint8Array.from({ length: 20_000 }, () => random(most))
    const used = coloursOfFrame(compressIndexes(indexes, strings), 0)
    const expected = Array.from({ length: 256 }, (_, colour) => indexes.includes(colour))
    assert.deepEqual(used, expected, `${most} colours`)
  }
})
