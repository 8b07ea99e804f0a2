import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { assertSame, inspect, inspectResult, meanError } from '../inspect.ts'
import { drawing, rasters } from '../rasters.ts'
import { run } from '../run.ts'

test('normalising gives the same samples as in sharp; transparency stays', async () => {
  await fc.assert(
    fc.asyncProperty(rasters({ channels: [1, 3, 4] }), async raster => {
      const space = { 1: ['b-w', 'grey16'], 3: ['srgb', 'rgb16'], 4: ['srgb', 'rgb16'] }[
        raster.channels as 1 | 3 | 4
      ]
      const png = await drawing(raster).png().toBuffer()
      const reference = sharp(png)
        .normalise()
        .toColourspace(space[raster.bits === 16 ? 1 : 0] ?? '')
      const expected = await inspect(await reference.png().toBuffer())
      const result = await inspectResult(await run(png, 'normalise'))
      assert.ok(meanError(result, expected) <= 0.02, `off by ${meanError(result, expected)}`)
    }),
    { numRuns: 60 },
  )
})

test('frames of an animation are stretched alike, so that they do not flicker', async () => {
  const frame = (level: number) =>
    Array.from({ length: 16 * 16 * 3 }, (_, at) => level + (Math.floor(at / 3) % 16))
  const samples = Uint8Array.from([60, 100, 140].flatMap(frame))
  const raster = { width: 16, height: 16, frames: 3, channels: 3, bits: 8, samples } as const
  const webp = await drawing(raster)
    .webp({ lossless: true, delay: [40, 50, 60] })
    .toBuffer()
  const together = await sharp(samples, { raw: { width: 16, height: 48, channels: 3 } })
    .normalise()
    .png()
    .toBuffer()
  const result = await inspectResult(await run(webp, 'normalise'))
  const stack = await inspect(together)
  assertSame({ ...result, format: 'png', frames: 1, delays: [], loop: undefined, height: 48 }, stack)
  // The same holds if a previous operation has changed each frame by itself.
  const turned = await inspectResult(await run(webp, 'rotate:180,normalise,rotate:180'))
  assertSame(turned, result)
})
