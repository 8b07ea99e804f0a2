import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp, { type TiffOptions } from 'sharp'
import { exactGif } from '../../src/develop/gif/exact-gif.ts'
import { planOf } from '../../src/develop/plan.ts'
import { undecodedPngOrGif } from '../../src/develop/ways/undecoded-png-or-gif.ts'
import { type ChannelOrder, channelOrders, compose, inverse } from '../../src/permute/channel-order.ts'
import { assembleGif, type GifPicture } from '../permute/gif/gif-assembler.ts'
import { assembleWithColors, noise, noiseBytes, orders, pictures } from '../permute/pictures.ts'
import { assemblePng, chunk } from '../permute/png/png-assembler.ts'
import { assertSame, type Inspected, inspect, inspectResult, merged, permuted } from './inspect.ts'
import { asRgba, drawing, type Raster, rasterOf, rasters } from './rasters.ts'
import { bytesOf, limits, run } from './run.ts'

test('every sample of a PNG is permuted exactly, with or without decoding', async () => {
  await fc.assert(
    fc.asyncProperty(pictures, fc.boolean(), orders, async (picture, isTransparent, order) => {
      const png = assembleWithColors(picture, isTransparent)
      const noProfile = chunk('iCCP', Buffer.from('no profile'))
      const decoded = Buffer.concat([png.subarray(0, 33), noProfile, png.subarray(33)])
      assert.notEqual(await permutedUndecoded(png, 'png', order), undefined)
      assert.equal(await permutedUndecoded(decoded, 'png', order), undefined)
      await assertPermuted(png, order)
      await assertPermuted(decoded, order)
    }),
    { numRuns: 150 },
  )
})

test('a palette and few bits a sample stay in a PNG with parts that decoders ignore', async () => {
  const shapes = [
    { colorType: 3, bitDepth: 8, before: [chunk('PLTE', noiseBytes(12, 3))] },
    { colorType: 0, bitDepth: 1, before: [] },
  ]
  for (const { before, ...shape } of shapes) {
    const png = assemblePng({ width: 2, height: 1, samples: [1, 0], ...shape }, { before })
    const text = chunk('tEXt', Buffer.from('Title\0text'))
    text.writeUInt32BE(0, text.length - 4)
    const exif = chunk(
      'eXIf',
      Buffer.from('II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0', 'latin1'),
    )
    for (const part of [text, exif]) {
      const odd = Buffer.concat([png.subarray(0, 33), part, png.subarray(33), Buffer.from('more')])
      const result = await bytesOf(odd, 'swap-channels:bgr')
      assert.deepEqual(result.subarray(24, 26), png.subarray(24, 26))
      await assertPermuted(odd, 'bgr')
    }
  }
})

test('every sample is exact in a PNG with parts that decoders must ignore, or with chunks in a wrong order', async () => {
  const samples = noise(12 * 9 * 3, 256, 5)
  const picture = { width: 12, height: 9, colorType: 2, bitDepth: 8, samples }
  const png = assembleWithColors(picture, false)
  const early = chunk('IEND').length
  const files = [
    Buffer.concat([png.subarray(0, 33), chunk('teSt', noiseBytes(9, 1)), png.subarray(33)]),
    Buffer.concat([png.subarray(0, -early), chunk('gAMA', Buffer.of(0, 0, 0xb1, 0x8f)), chunk('IEND')]),
    Buffer.concat([png.subarray(0, 33), chunk('eXIf', Buffer.from('not exif at all')), png.subarray(33)]),
  ]
  for (const file of files) await assertPermuted(file, 'gbr')
})

test('every sample of a lossless WebP is permuted exactly, also under full transparency', async () => {
  await fc.assert(
    fc.asyncProperty(rasters({ channels: [3, 4], bits: [8] }), orders, async (raster, order) => {
      const webp = await drawing(raster).webp({ lossless: true, exact: true, effort: 0 }).toBuffer()
      assert.deepEqual((await inspect(webp)).samples, asRgba(raster))
      await assertPermuted(webp, order)
    }),
    { numRuns: 60 },
  )
})

test('every sample of an animated lossless WebP is permuted exactly, with its delays and loop', async () => {
  await fc.assert(
    fc.asyncProperty(
      rasters({ channels: [3, 4], bits: [8], frames: [2, 3, 5] }),
      orders,
      fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 5, maxLength: 5 }),
      fc.nat(9),
      async (raster, order, delays, loop) => {
        const delay = delays.slice(0, raster.frames)
        const webp = await drawing(raster).webp({ lossless: true, exact: true, effort: 0, delay, loop })
        await assertPermuted(await webp.toBuffer(), order)
      },
    ),
    { numRuns: 40 },
  )
})

test('every sample of a lossless AVIF of 8, 10 and 12 bits is permuted exactly, and it stays lossless', async () => {
  for (const bitdepth of [8, 10, 12] as const) {
    for (const channels of [3, 4] as const) {
      const bits = bitdepth === 8 ? 8 : 16
      const raster = rasterOf({ width: 24, height: 16, frames: 1, channels, bits, seed: bitdepth })
      const avif = await drawing(raster).avif({ lossless: true, bitdepth, effort: 1 }).toBuffer()
      for (const order of ['bgr', 'gbr'] as const) await assertPermuted(avif, order)
    }
  }
})

const tiffs: readonly TiffOptions[] = [
  { compression: 'none' },
  { compression: 'lzw', predictor: 'horizontal' },
  { compression: 'lzw', predictor: 'none' },
  { compression: 'deflate', predictor: 'horizontal' },
  { compression: 'packbits' },
  { compression: 'none', bigtiff: true },
  { compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 },
]

test('every sample of a TIFF of any depth, compression, layout and number of pages is permuted exactly', async () => {
  await fc.assert(
    fc.asyncProperty(
      rasters({ frames: [1, 1, 2, 4] }),
      fc.constantFrom(...tiffs),
      orders,
      async (raster, options, order) => {
        const tiff = await drawing(raster).tiff(options).toBuffer()
        assert.deepEqual((await inspect(tiff)).samples, asRgba(raster))
        const { isGrey, isDeep } = await assertPermuted(tiff, order)
        assert.deepEqual({ isGrey, isDeep }, { isGrey: raster.channels < 3, isDeep: raster.bits === 16 })
      },
    ),
    { numRuns: 150 },
  )
})

test('TIFFs that are bilevel, have few greys, or have white as 0 keep the displayed greys', async () => {
  const raster = rasterOf({ width: 21, height: 13, frames: 1, channels: 1, bits: 8, seed: 4 })
  const kinds: TiffOptions[] = [
    { bitdepth: 1, compression: 'none' },
    { bitdepth: 1, compression: 'ccittfax4' },
    { bitdepth: 2, compression: 'none' },
    { bitdepth: 4, compression: 'deflate', predictor: 'none' },
    { miniswhite: true, compression: 'lzw' },
  ]
  for (const kind of kinds) await assertPermuted(await drawing(raster).tiff(kind).toBuffer(), 'bgr')
})

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

test('a malformed GIF that is too large to be held twice is permuted exactly, too', async () => {
  const [width, height, channels] = [6000, 6000, 3] as const
  const colours = distinctColours(1)
  const data = Buffer.alloc(width * height * channels, colours.subarray(0, channels))
  data.set(colours)
  const gif = exactGif([{ data, width, height, channels, bits: 8, isGrey: false }], { delays: [], loop: 0 })
  const { bytes } = await run(malformed(Buffer.from(gif ?? [])), 'swap-channels:bgr')
  const region = { left: 0, top: 0, width: 256, height: 1 }
  const found = await sharp(bytes, { limitInputPixels: false }).extract(region).removeAlpha().raw().toBuffer()
  assert.deepEqual(
    [...found],
    Array.from(colours, (_, at) => colours[at + 2 - 2 * (at % 3)]),
  )
})

test('several permutations in one task act as their product, and an inverse undoes a permutation', async () => {
  const raster = rasterOf({ width: 9, height: 7, frames: 1, channels: 4, bits: 8, seed: 1 })
  const deep = rasterOf({ width: 9, height: 7, frames: 1, channels: 3, bits: 16, seed: 2 })
  const files = [
    await drawing(raster).png().toBuffer(),
    await drawing(raster).webp({ lossless: true, exact: true }).toBuffer(),
    await drawing(deep).tiff({ compression: 'lzw' }).toBuffer(),
    assembleGif({ width: 4, height: 4, palette: noiseBytes(12, 3), frames: [frameOf(4, 4, 2, 1)] }),
  ]
  for (const file of files) {
    const before = await inspect(file)
    for (const first of channelOrders) {
      const there = await bytesOf(file, `swap-channels:${first}`)
      assertSame(await inspect(await bytesOf(there, `swap-channels:${inverse(first)}`)), before)
      for (const second of channelOrders) {
        const both = await run(file, `swap-channels:${first},swap-channels:${second}`)
        assertSame(await inspectResult(both), permuted(before, compose(first, second)))
      }
    }
  }
})

test('a permutation is as exact beside other operations as alone', async () => {
  await fc.assert(
    fc.asyncProperty(rasters({ channels: [3, 4] }), orders, async (raster, order) => {
      const png = await drawing(raster).png().toBuffer()
      const turned = await run(png, `flip,swap-channels:${order},flip`)
      assertSame(await inspectResult(turned), permuted(await inspect(png), order))
    }),
    { numRuns: 40 },
  )
})

test('grey keeps its samples, and does not become colour', async () => {
  await fc.assert(
    fc.asyncProperty(rasters({ channels: [1, 2] }), orders, async (raster, order) => {
      const junk = Buffer.from('more')
      const png = Buffer.concat([await drawing(raster).png().toBuffer(), junk])
      const { isGrey } = await assertPermuted(png, order)
      assert.equal(isGrey, true)
    }),
    { numRuns: 40 },
  )
})

test('an image that is too large for memory is permuted exactly in a stream', async () => {
  // 105 million bytes, which compress well.
  const width = 7000
  const height = 5000
  const samples = new Uint8Array(width * height * 3)
  for (let at = 0; at < samples.length; at += 997) samples[at] = at & 0xff
  const raster: Raster = { width, height, frames: 1, channels: 3, bits: 8, samples }
  const tiff = await drawing(raster).tiff({ compression: 'lzw' }).toBuffer()
  const before = await inspect(tiff)
  const after = await inspectResult(await run(tiff, 'swap-channels:gbr'))
  assertSame(after, permuted(before, 'gbr'))
})

async function assertPermuted(file: Uint8Array, order: ChannelOrder): Promise<Inspected> {
  const after = await inspectResult(await run(file, `swap-channels:${order}`))
  const expected = permuted(await inspect(file), order)
  if (expected.frames > 1 && expected.delays.length > 0) assertSame(merged(after), merged(expected))
  else assertSame(after, expected)
  return after
}

async function permutedUndecoded(file: Uint8Array, format: 'png' | 'gif', order: ChannelOrder) {
  const header = { format, frames: 1, orientation: 1 } as never
  const plan = planOf([{ name: 'swap-channels', order }], format)
  return undecodedPngOrGif.develop({ input: file, header, plan, limits })
}

/** Without frames that libnsgif clears to the background colour: cleared-frames.test.ts is about them. */
function withPlainDisposals(picture: GifPicture): GifPicture {
  const frames = picture.frames.map(frame => {
    const { control } = frame
    const isOpaque = control?.transparent === undefined
    return control?.disposal === 2 && isOpaque ? { ...frame, control: { ...control, disposal: 1 } } : frame
  })
  return { ...picture, frames }
}

function malformed(gif: Buffer): Buffer {
  const unknownExtension = Buffer.of(0x21, 0x42, 1, 0, 0)
  return Buffer.concat([gif.subarray(0, -1), unknownExtension, Buffer.of(0x3b)])
}

function distinctColours(seed: number): Uint8Array {
  return Uint8Array.from(
    { length: 3 * 256 },
    (_, at) => [at / 3, (at * 7) / 3 + seed, 40 * seed][at % 3] ?? 0,
  )
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
