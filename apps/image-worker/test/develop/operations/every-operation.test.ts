// Slow: it applies every operation to every kind of image.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { acrossFrames, everyOperation } from '../every-operation.ts'
import { assertSame, type Inspected, inspect, inspectResult, meanError } from '../inspect.ts'
import { drawing, type Raster, rasterOf } from '../rasters.ts'
import { bytesOf, run } from '../run.ts'

test('every operation gives 16-bit pictures the same look as 8-bit pictures, in 16 bits', async () => {
  for (const channels of [1, 2, 3, 4] as const) {
    const shallow = smooth(channels)
    const deep: Raster = {
      ...shallow,
      bits: 16,
      samples: Uint16Array.from(shallow.samples, sample => sample * 257),
    }
    const [small, large] = [await drawing(shallow).png().toBuffer(), await drawing(deep).png().toBuffer()]
    for (const operation of [...everyOperation, ...acrossFrames]) {
      const expected = await inspectResult(await run(small, operation))
      const result = await inspectResult(await run(large, operation))
      assert.equal(result.isDeep, true, operation)
      assert.equal(result.isGrey, expected.isGrey, operation)
      const off = meanError(inEightBits(result), expected)
      assert.ok(off <= 2, `${operation} on ${channels} channels is off by ${off}`)
    }
  }
})

test('every operation keeps the levels of a 16-bit ramp apart', async () => {
  const width = 4096
  const ramp = Uint16Array.from({ length: 3 * width }, (_, at) => 16 * Math.floor(at / 3))
  const raster: Raster = { width, height: 1, frames: 1, channels: 3, bits: 16, samples: ramp }
  const file = await drawing(raster).png().toBuffer()
  for (const operation of everyOperation) {
    if (/^(resize|crop|rotate:30|pixelate|round:circle)/.test(operation)) continue
    const { samples } = await inspectResult(await run(file, operation))
    for (let channel = 0; channel < 3; channel++) {
      const levels = new Set(samples.filter((_, at) => at % 4 === channel)).size
      assert.ok(levels > 2000, `${operation} leaves ${levels} levels`)
    }
  }
})

test('each operation on an animation is applied to each of its frames; delays and loop stay', async () => {
  const raster = smooth(4, 3)
  const webp = await drawing(raster)
    .webp({ lossless: true, exact: true, delay: [30, 60, 90], loop: 2 })
    .toBuffer()
  const stills = await Promise.all([0, 1, 2].map(page => sharp(webp, { page }).png().toBuffer()))
  for (const operation of everyOperation) {
    const animated = await inspectResult(await run(webp, operation))
    assert.deepEqual([animated.frames, animated.delays, animated.loop], [3, [30, 60, 90], 2], operation)
    const frames = await Promise.all(stills.map(async still => inspect(await bytesOf(still, operation))))
    const samples = frames.flatMap(frame => [...frame.samples])
    const off = meanError(animated, { ...animated, samples: Uint8Array.from(samples) })
    assert.ok(off === 0, `${operation} is off by ${off}`)
  }
})

test('an animated GIF stays animated through each operation', async () => {
  const gif = await drawing(smooth(3, 4))
    .gif({ delay: [40, 50, 60, 70], loop: 3 })
    .toBuffer()
  for (const operation of [...everyOperation, ...acrossFrames]) {
    const result = await inspectResult(await run(gif, operation))
    assert.deepEqual([result.frames, result.delays, result.loop], [4, [40, 50, 60, 70], 3], operation)
  }
})

test('each operation keeps all pages of a TIFF', async () => {
  const tiff = await drawing(smooth(3, 3)).tiff({ compression: 'lzw' }).toBuffer()
  for (const operation of [...everyOperation, ...acrossFrames])
    assert.equal((await inspectResult(await run(tiff, operation))).frames, 3)
})

test('operations apply in order, each to the previous result, like one task after the other', async () => {
  const raster = rasterOf({ width: 20, height: 14, frames: 1, channels: 4, bits: 8, seed: 9 })
  const file = await drawing(raster).png().toBuffer()
  const steps = fc.constantFrom(...everyOperation, ...acrossFrames, 'resize:30x30:enlarge')
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 2, maxLength: 4 }), async operations => {
      let expected: Uint8Array = file
      for (const operation of operations) expected = await bytesOf(expected, operation)
      const result = await inspectResult(await run(file, operations.join(',')))
      assertSame(result, await inspect(expected), operations.join(','))
    }),
    { numRuns: 40 },
  )
  const [cropped, resized] = ['crop:10x10,resize:5x5', 'resize:5x5,crop:10x10'].map(text => run(file, text))
  assert.notDeepEqual((await cropped)?.facts, (await resized)?.facts)
})

function inEightBits(picture: Inspected): Inspected {
  return {
    ...picture,
    isDeep: false,
    samples: Uint8Array.from(picture.samples, sample => Math.round(sample / 257)),
  }
}

function smooth(channels: Raster['channels'], frames = 1): Raster {
  const [width, height] = [15, 11]
  const samples = Uint8Array.from({ length: width * height * channels * frames }, (_, at) => {
    const [pixel, channel] = [Math.floor(at / channels), at % channels]
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    if (channels % 2 === 0 && channel === channels - 1) return x < 8 ? 255 : 120
    return 40 + 9 * x + 3 * (y % 11) * channel + 11 * Math.floor(y / 11)
  })
  return { width, height, frames, channels, bits: 8, samples }
}
