import assert from 'node:assert/strict'
import { test } from 'node:test'
import { photograph } from '@darkroom/testing'
import type { JpegOptions } from 'sharp'
import { encodeBaseline } from '../../../src/develop/jpeg/encode-baseline.ts'
import { optimiseJpeg } from '../../../src/develop/jpeg/optimise-jpeg.ts'
import type { Raster } from '../../../src/develop/raster/raster.ts'
import { toSharp } from '../../../src/develop/raster/through-sharp.ts'
import { noiseBytes } from '../../permute/pictures.ts'
import { decode } from './decode.ts'

/** Sizes below and above the division into strips, rows that fill no unit, grey, and both samplings. */
const kinds: readonly [name: string, raster: Raster, options: JpegOptions][] = [
  ['a small image', photo(37, 21, 3), {}],
  ['a small grey image', photo(37, 21, 1), {}],
  ['a small image in 4:4:4', photo(37, 21, 3), { chromaSubsampling: '4:4:4' }],
  ['a large image', photo(1403, 997, 3), {}],
  ['a large image in 4:4:4', photo(1403, 997, 3), { chromaSubsampling: '4:4:4', quality: 95 }],
  ['a large grey image', photo(1403, 997, 1), { quality: 40 }],
  ['a column of pixels', photo(17, 65_000, 3), {}],
  ['a row of pixels', photo(65_000, 17, 3), {}],
  ['noise', { ...photo(1403, 997, 3), data: noiseBytes(1403 * 997 * 3, 7) }, { quality: 100 }],
]

for (const [name, raster, options] of kinds) {
  test(`${name} decodes to exactly the pixels of a single encoder, with fitted tables`, async () => {
    const settings = { ...options, optimiseCoding: false }
    const encode = (strip: Raster) => toSharp(strip).toColourspace(spaceOf(strip)).jpeg(settings).toBuffer()
    const whole = await encode(raster)
    const fitted = await encodeBaseline(raster, encode)
    const pixels = await decode(whole)
    assert.deepEqual(await decode(fitted), pixels)
    assert.deepEqual(await decode(optimiseJpeg(whole)), pixels)

    const optimised = await toSharp(raster).toColourspace(spaceOf(raster)).jpeg(options).toBuffer()
    assert.ok(
      optimiseJpeg(whole).length <= optimised.length * 1.001 + 32,
      'as small as from a single encoder',
    )
    assert.ok(fitted.length <= optimised.length * 1.001 + 32)
  })
}

test('a strip has few enough units for a restart interval', async () => {
  const raster: Raster = { ...photo(8, 8, 1), data: new Uint8Array(5000 * 4000), width: 5000, height: 4000 }
  const encode = (strip: Raster) =>
    toSharp(strip).toColourspace('b-w').jpeg({ optimiseCoding: false }).toBuffer()
  const jpeg = await encodeBaseline(raster, encode)
  assert.deepEqual(await decode(jpeg), await decode(await encode(raster)))
})

function photo(width: number, height: number, channels: 1 | 3): Raster {
  const colours = new Uint8Array(photograph({ width, height, seed: 9 }))
  const shape = { width, height, channels, bits: 8, isGrey: channels === 1 } as const
  if (channels === 3) return { ...shape, data: colours }
  const data = new Uint8Array(width * height)
  for (let at = 0; at < data.length; at++) data[at] = colours[3 * at] ?? 0
  return { ...shape, data }
}

function spaceOf({ isGrey }: Raster): 'b-w' | 'srgb' {
  return isGrey ? 'b-w' : 'srgb'
}
