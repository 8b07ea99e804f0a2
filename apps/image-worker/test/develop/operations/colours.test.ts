import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertSame, type Inspected, inspect, inspectResult, meanError } from '../inspect.ts'
import { drawing, rasterFrom, rasterOf, rasters } from '../rasters.ts'
import { run } from '../run.ts'
import { pngOf } from './letter-pictures.ts'

test('inverting subtracts each sample from the largest, in all depths; transparency stays', async () => {
  await fc.assert(
    fc.asyncProperty(rasters(), async raster => {
      const file = await drawing(raster).png().toBuffer()
      const before = await inspect(file)
      const largest = 2 ** raster.bits - 1
      const samples = before.samples.map((sample, at) => (at % 4 === 3 ? sample : largest - sample))
      assertSame(await inspectResult(await run(file, 'invert')), { ...before, samples })
      assertSame(await inspectResult(await run(file, 'invert,invert')), before)
    }),
    { numRuns: 60 },
  )
})

test('greyscale is the luminance of sRGB; grey and transparency stay', async () => {
  await fc.assert(
    fc.asyncProperty(rasters(), async raster => {
      const file = await drawing(raster).png().toBuffer()
      const before = await inspect(file)
      const after = await inspectResult(await run(file, 'greyscale'))
      assert.equal(after.isGrey, true)
      assert.equal(after.isDeep, before.isDeep)
      if (before.isGrey) return assertSame(after, before)
      const scale = raster.bits === 16 ? 257 : 1
      for (let at = 0; at < before.samples.length; at += 4) {
        const [red = 0, green = 0, blue = 0, alpha] = before.samples.subarray(at, at + 4)
        const grey = after.samples[at] ?? 0
        assert.equal(after.samples[at + 3], alpha)
        assert.deepEqual([after.samples[at + 1], after.samples[at + 2]], [grey, grey])
        const expected = greyOf(red / scale, green / scale, blue / scale)
        assert.ok(Math.abs(grey / scale - expected) <= 1.5, `${grey / scale} instead of ${expected}`)
      }
    }),
    { numRuns: 60 },
  )
})

/** IEC 61966-2-1: the relative luminance of linear light, encoded again; 0 to 255. */
function greyOf(red: number, green: number, blue: number): number {
  const linear = (sample: number) =>
    sample / 255 <= 0.04045 ? sample / 255 / 12.92 : ((sample / 255 + 0.055) / 1.055) ** 2.4
  const light = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055)
}

test('brightness, saturation and hue change colours as requested', async () => {
  const grey = await pngOf(['w'])
  const half = await drawing(rasterFrom(['804020']))
    .png()
    .toBuffer()
  const pixel = async (operations: string, file: Uint8Array = half) => [
    ...(await inspectResult(await run(file, operations))).samples.subarray(0, 3),
  ]
  const lightness = async (operations: string) => (await pixel(`${operations},greyscale`))[0] ?? 0
  const before = await lightness('brightness:1')
  assert.deepEqual(await pixel('brightness:1'), [0x80, 0x40, 0x20])
  assert.ok((await lightness('brightness:1.5')) > before && (await lightness('brightness:0.5')) < before)
  assert.deepEqual(await pixel('brightness:0', grey), [0, 0, 0])
  assert.deepEqual(await pixel('saturation:1'), [0x80, 0x40, 0x20])
  const [red = 0, green = 0, blue = 0] = await pixel('saturation:0')
  assert.ok(Math.max(red, green, blue) - Math.min(red, green, blue) <= 1)
  assert.deepEqual(await pixel('hue:0'), [0x80, 0x40, 0x20])
  assert.deepEqual(await pixel('hue:360'), [0x80, 0x40, 0x20])
  const [turnedRed = 0, turnedGreen = 0] = await pixel('hue:120')
  assert.ok(turnedGreen > turnedRed)
  assert.deepEqual(await pixel('hue:-240'), await pixel('hue:120'))
  assert.deepEqual(await pixel('brightness:2', grey), [255, 255, 255])
})

test('a tint colours grey, and keeps the order of lightness', async () => {
  for (const bits of [8, 16] as const) {
    const rows = ['40', '80', 'c0'].map(hex => (bits === 8 ? hex : hex + hex))
    const file = await drawing(rasterFrom([rows.join(' ')], bits))
      .png()
      .toBuffer()
    const result = await inspectResult(await run(file, 'tint:e0a060'))
    assert.equal(result.isGrey, false)
    const reds = [0, 4, 8].map(at => result.samples[at] ?? 0)
    const blues = [2, 6, 10].map(at => result.samples[at] ?? 0)
    assert.ok(reds.every((red, index) => red > (blues[index] ?? 0)))
    assert.deepEqual(
      reds.toSorted((one, other) => one - other),
      reds,
    )
  }
})

test('a blur spreads a point evenly, sharpening steepens an edge; neither changes even areas', async () => {
  const point = ['kkkkk', 'kkkkk', 'kkwkk', 'kkkkk', 'kkkkk']
  const blurred = await inspectResult(await run(await pngOf(point), 'blur:0.8'))
  const at = (x: number, y: number) => blurred.samples[(5 * y + x) * 4] ?? 0
  assert.deepEqual([at(1, 2), at(3, 2), at(2, 1), at(2, 3)], new Array(4).fill(at(1, 2)))
  assert.ok(at(2, 2) > at(1, 2) && at(1, 2) > at(1, 1) && at(2, 2) < 255)
  const even = await drawing(rasterFrom(new Array(9).fill('80604080 80604080 80604080')))
    .png()
    .toBuffer()
  for (const operation of ['blur:2', 'sharpen:1']) {
    assert.ok(meanError(await inspectResult(await run(even, operation)), await inspect(even)) < 1, operation)
  }
  const edge = await drawing(rasterFrom(new Array(8).fill('606060 606060 606060 909090 909090 909090')))
    .png()
    .toBuffer()
  const sharpened = await inspectResult(await run(edge, 'sharpen'))
  assert.ok((sharpened.samples[8] ?? 255) < 0x60 && (sharpened.samples[12] ?? 0) > 0x90)
})

test('sharpening keeps the colour of a transparent image of one colour, also at its edges', async () => {
  for (const bits of [8, 16] as const) {
    const row = '00000000 c8643240 c86432c0 c86432ff c86432ff c86432c0 c8643240 00000000'
    const raster = rasterFrom(['00000000 '.repeat(8).trim(), ...new Array(4).fill(row)])
    const file = await drawing(raster)
      .toColourspace(bits === 16 ? 'rgb16' : 'srgb')
      .png()
      .toBuffer()
    for (const operation of ['sharpen', 'sharpen:4']) {
      const { samples, isDeep } = await inspectResult(await run(file, operation))
      assert.equal(isDeep, bits === 16)
      for (let at = 0; at < samples.length; at += 4) {
        const [red = 0, green = 0, blue = 0, opacity = 0] = samples.subarray(at, at + 4)
        const scale = isDeep ? 257 : 1
        const differences = [red / scale - 0xc8, green / scale - 0x64, blue / scale - 0x32].map(Math.abs)
        assert.ok(
          opacity === 0 || Math.max(...differences) <= 2,
          `${operation}: ${differences} of ${opacity}`,
        )
      }
    }
  }
})

test('operations on colours keep every bit of the transparency', async () => {
  for (const bits of [8, 16] as const) {
    for (const channels of [2, 4] as const) {
      const raster = rasterOf({ width: 31, height: 17, frames: 1, channels, bits, seed: 3 })
      const file = await drawing(raster).png().toBuffer()
      const before = alphaOf(await inspect(file))
      for (const operation of colouring) {
        const after = alphaOf(await inspectResult(await run(file, operation)))
        assert.deepEqual(after, before, `${operation} on ${channels} channels of ${bits} bits`)
      }
    }
  }
})

const colouring = [
  'swap-channels:gbr', 'greyscale', 'invert', 'sharpen', 'sharpen:2', 'brightness:1.3', 'saturation:0.5', 'hue:90', 'tint:e0a060',
] // biome-ignore format: a list

function alphaOf({ samples }: Inspected): number[] {
  return [...samples].filter((_, at) => at % 4 === 3)
}
