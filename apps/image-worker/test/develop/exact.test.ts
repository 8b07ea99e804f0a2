import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TiffOptions } from 'sharp'
import { channelOrders, compose } from '../../src/permute/channel-order.ts'
import { assembleGif } from '../permute/gif/gif-assembler.ts'
import { inverseOrder } from '../permute/inverse-order.ts'
import { assembleWithColors, noise, noiseBytes, orders, pictures } from '../permute/pictures.ts'
import { assemblePng, chunk, withChunks } from '../permute/png/png-assembler.ts'
import { assertPermuted, permutedUndecoded } from './assert-permuted.ts'
import { assertSame, inspect, inspectResult, permuted } from './inspect.ts'
import { asRgba, drawing, rasterOf, rasters } from './rasters.ts'
import { bytesOf, run } from './run.ts'

test('every sample of a PNG is permuted exactly, with or without decoding', async () => {
  await fc.assert(
    fc.asyncProperty(pictures, fc.boolean(), orders, async (picture, isTransparent, order) => {
      const png = assembleWithColors(picture, isTransparent)
      const noProfile = chunk('iCCP', Buffer.from('no profile'))
      const decoded = withChunks(png, noProfile)
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
      const odd = Buffer.concat([withChunks(png, part), Buffer.from('more')])
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
    withChunks(png, chunk('teSt', noiseBytes(9, 1))),
    Buffer.concat([png.subarray(0, -early), chunk('gAMA', Buffer.of(0, 0, 0xb1, 0x8f)), chunk('IEND')]),
    withChunks(png, chunk('eXIf', Buffer.from('not exif at all'))),
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

test('several permutations in one task act as their product, and an inverse undoes a permutation', async () => {
  const raster = rasterOf({ width: 9, height: 7, frames: 1, channels: 4, bits: 8, seed: 1 })
  const deep = rasterOf({ width: 9, height: 7, frames: 1, channels: 3, bits: 16, seed: 2 })
  const files = [
    await drawing(raster).png().toBuffer(),
    await drawing(raster).webp({ lossless: true, exact: true }).toBuffer(),
    await drawing(deep).tiff({ compression: 'lzw' }).toBuffer(),
    assembleGif({
      width: 4,
      height: 4,
      palette: noiseBytes(12, 3),
      frames: [{ width: 4, height: 4, indexes: noise(16, 4, 1), codeBits: 2 }],
    }),
  ]
  for (const file of files) {
    const before = await inspect(file)
    for (const first of channelOrders) {
      const there = await bytesOf(file, `swap-channels:${first}`)
      assertSame(await inspect(await bytesOf(there, `swap-channels:${inverseOrder(first)}`)), before)
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
