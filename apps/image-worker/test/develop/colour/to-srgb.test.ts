import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { type ColourSpace, spaceOfNumbers } from '../../../src/develop/colour/colour-space.ts'
import { encodePq } from '../../../src/develop/colour/curve.ts'
import { makeProfile } from '../../../src/develop/colour/make-profile.ts'
import { toSrgb } from '../../../src/develop/colour/to-srgb.ts'
import { brightest, paperWhite, toneCurve } from '../../../src/develop/colour/tone-curve.ts'
import { attachToPng } from '../../../src/develop/metadata/attach-to-png.ts'
import type { Raster } from '../../../src/develop/raster/raster.ts'
import { inspect } from '../inspect.ts'
import { bytesOf } from '../run.ts'

test('converted samples equal the samples that lcms makes with the profile that the worker writes', async () => {
  const spaces = [[12, 13], [9, 14], [1, 4], [5, 5], [11, 13], [4, 4]] // biome-ignore format: a list
  for (const [primaries = 1, transfer = 13] of spaces) {
    const space = spaceOfNumbers({ primaries, transfer })
    const samples = Uint8Array.from({ length: 3 * 17 ** 3 }, (_, at) => {
      const pixel = Math.floor(at / 3)
      return (
        [15 * (pixel % 17), 15 * (Math.floor(pixel / 17) % 17), 15 * Math.floor(pixel / 289)][at % 3] ?? 0
      )
    })
    const size = { width: 289, height: 17 }
    const png = await sharp(samples, { raw: { ...size, channels: 3 } })
      .png()
      .toBuffer()
    const managed = await sharp(attachToPng(png, { icc: makeProfile(space) }))
      .toColourspace('srgb')
      .raw()
      .toBuffer()
    const raster: Raster = { ...size, data: samples.slice(), channels: 3, bits: 8, isGrey: false }
    const { data } = toSrgb(raster, { space })
    const worst = data.reduce((most, level, at) => Math.max(most, Math.abs(level - (managed[at] ?? 0))), 0)
    assert.ok(worst <= 2, `${primaries}/${transfer} is off by ${worst}`)
  }
})

test('HDR is mapped to the range of paper: black, white and grey stay so, and the order of lightness stays', () => {
  for (const transfer of [16, 18]) {
    const space: ColourSpace = spaceOfNumbers({ primaries: 9, transfer })
    const data = new Uint8Array(
      Uint16Array.from({ length: 3 * 1024 }, (_, at) => 64 * Math.floor(at / 3)).buffer,
    )
    const raster: Raster = { data, width: 1024, height: 1, channels: 3, bits: 16, isGrey: false }
    const shown = new Uint16Array(toSrgb(raster, { space }).data.buffer)
    const greens = shown.filter((_, at) => at % 3 === 1)
    for (let at = 0; at < shown.length; at++) {
      assert.ok(Math.abs((shown[at] ?? 0) - (greens[Math.floor(at / 3)] ?? 0)) <= 40)
    }
    assert.ok(greens.every((level, at) => at === 0 || level >= (greens[at - 1] ?? 0)))
    assert.deepEqual([greens[0], greens.at(-1)], [0, 65_535])
  }
})

test('the tone curve keeps dark values, never falls, and ends at paper white', () => {
  fc.assert(
    fc.property(fc.double({ min: paperWhite, max: brightest, noNaN: true }), peak => {
      const curve = toneCurve(peak)
      const steps = Array.from({ length: 200 }, (_, step) => ((step / 199) ** 4 * peak) / brightest)
      const shown = steps.map(curve)
      assert.ok(shown.every((light, at) => at === 0 || light >= (shown[at - 1] ?? 0) - 1e-12))
      assert.ok(Math.abs((shown.at(-1) ?? 0) * brightest - paperWhite) < 0.1)
      assert.equal(curve(10 / brightest), 10 / brightest)
    }),
  )
})

test('HDR becomes sRGB in formats without HDR: paper white is nearly white there', async () => {
  const level = Math.round(65_535 * encodePq(paperWhite / brightest))
  const samples = new Uint16Array(3 * 8 * 8).fill(level)
  const plain = await sharp(samples, { raw: { width: 8, height: 8, channels: 3 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer()
  const numbers = { primaries: 9, transfer: 16 }
  const hdr = attachToPng(plain, { colour: { space: spaceOfNumbers(numbers), numbers } })
  for (const type of ['jpeg', 'webp', 'tiff', 'gif']) {
    const { samples } = await inspect(await bytesOf(hdr, `format:${type}`))
    const shown = (samples[0] ?? 0) / (samples instanceof Uint16Array ? 65_535 : 255)
    assert.ok(shown > 0.85 && shown < 1, `${type} shows ${shown}`)
  }
})
