import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assembleGif, type GifPicture } from '../../permute/gif/gif-assembler.ts'
import { noise, noiseBytes, orders } from '../../permute/pictures.ts'
import { assertPermuted, permutedUndecoded } from '../assert-permuted.ts'
import { distinctColours, malformed } from './malformed-gif.ts'

test('every colour of a GIF is permuted exactly, in global and local tables and partial frames, with delays', async () => {
  await fc.assert(
    fc.asyncProperty(gifs(), orders, fc.boolean(), async (picture, order, isWellFormed) => {
      const gif = assembleGif(picture)
      // Because of the unknown block, the pixels are decoded; frames over one another may then have too many colours.
      const isFew = picture.palette && picture.palette.length <= 3 * 32
      const file = isWellFormed || !isFew ? gif : malformed(assembleGif(withPlainDisposals(picture)))
      assert.equal((await permutedUndecoded(file, 'gif', order)) !== undefined, file === gif)
      await assertPermuted(file, order)
    }),
    { numRuns: 100 },
  )
})

test('every colour of a decoded GIF is permuted exactly, with up to 256 colours a frame, delays and loop', async () => {
  const shapes = [{ frames: 1, loop: 1 }, ...[0, 1, 7].map(loop => ({ frames: 3, loop }))]
  for (const colours of [1, 2, 255, 256]) {
    for (const { frames, loop } of shapes) {
      const [width, height] = [151, 149]
      const pictures = Array.from({ length: frames }, (_, index) => ({
        width,
        height,
        // The first pixels have all colours in turn; the others have any of them, or repeat the previous colour.
        indexes: noise(width * height, colours, index + loop + 1).map((noisy, at) =>
          at < colours ? at : at % 500 < 300 ? noisy : colours - 1,
        ),
        palette: distinctColours(index),
        ...(frames > 1 && { control: { delay: 7 + index, disposal: 1 } }),
      }))
      const animation = frames > 1 && loop !== 1 ? { loop: loop === 0 ? 0 : loop - 1 } : {}
      const gif = malformed(assembleGif({ width, height, frames: pictures, ...animation }))
      assert.equal(await permutedUndecoded(gif, 'gif', 'gbr'), undefined)
      await assertPermuted(gif, 'gbr')
    }
  }
})

test('every colour of a decoded GIF is permuted exactly when one of up to 256 colours is transparency', async () => {
  const [width, height, transparent] = [60, 50, 255]
  for (const colours of [254, 255]) {
    for (const frames of [1, 3]) {
      const pictures = Array.from({ length: frames }, (_, index) => ({
        width,
        height,
        indexes: noise(width * height, colours + 1, index).map((noisy, at) =>
          (at <= colours ? at : noisy) === colours ? transparent : at < colours ? at : noisy,
        ),
        palette: distinctColours(index),
        control: { delay: 7 + index, disposal: 2, transparent },
      }))
      const loop = frames > 1 ? { loop: 0 } : {}
      const gif = malformed(assembleGif({ width, height, frames: pictures, ...loop }))
      assert.equal(await permutedUndecoded(gif, 'gif', 'gbr'), undefined)
      await assertPermuted(gif, 'gbr')
    }
  }
})

/** Without frames that libnsgif clears to the background colour: cleared-frames.test.ts is about them. */
function withPlainDisposals(picture: GifPicture): GifPicture {
  const frames = picture.frames.map(frame => {
    const { control } = frame
    const isOpaque = control?.transparent === undefined
    return control?.disposal === 2 && isOpaque ? { ...frame, control: { ...control, disposal: 1 } } : frame
  })
  return { ...picture, frames }
}

function gifs(): fc.Arbitrary<GifPicture> {
  return fc
    .record({
      width: fc.integer({ min: 1, max: 20 }),
      height: fc.integer({ min: 1, max: 20 }),
      tableBits: fc.integer({ min: 1, max: 8 }),
      frames: fc.array(
        fc.record({
          hasTable: fc.boolean(),
          interlaced: fc.boolean(),
          delay: fc.integer({ min: 2, max: 300 }),
          disposal: fc.nat(3),
          isTransparent: fc.boolean(),
          isPart: fc.boolean(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      loop: fc.nat(20),
      seed: fc.nat(0xffff),
    })
    .map(({ width, height, tableBits, frames, loop, seed }) => ({
      width,
      height,
      palette: noiseBytes(3 * 2 ** tableBits, seed),
      loop,
      frames: frames.map(({ hasTable, interlaced, delay, disposal, isTransparent, isPart }, index) => {
        // The first frame covers the screen and stays: the decoder that inspects would show the screen as black.
        const isFirst = index === 0
        const [left, top] = isPart && !isFirst ? [width >> 1, height >> 1] : [0, 0]
        return {
          left,
          top,
          ...frameOf(width - left, height - top, tableBits, seed + index),
          interlaced,
          ...(hasTable && { palette: noiseBytes(3 * 2 ** tableBits, seed + index + 50) }),
          control: {
            delay,
            disposal: isFirst ? disposal % 3 : disposal,
            ...(isTransparent && { transparent: 0 }),
          },
        }
      }),
    }))
}

function frameOf(width: number, height: number, tableBits: number, seed: number) {
  return {
    width,
    height,
    indexes: noise(width * height, 2 ** tableBits, seed),
    codeBits: Math.max(tableBits, 2),
  }
}
