// Slow: it develops images of 36 megapixels.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { exactGif } from '../../src/develop/gif/exact-gif.ts'
import { distinctColours, malformed } from './gif/malformed-gif.ts'
import { assertSame, inspect, inspectResult, permuted } from './inspect.ts'
import { drawing, type Raster } from './rasters.ts'
import { run } from './run.ts'

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
