import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { assertSame, inspect, inspectResult, meanError } from '../inspect.ts'
import { drawing, type Raster, rasters } from '../rasters.ts'
import { run } from '../run.ts'

test('normalising gives the same samples as in sharp; transparency stays', async () => {
  await fc.assert(
    fc.asyncProperty(rasters({ channels: [1, 3, 4] }), async raster => {
      const space = { 1: ['b-w', 'grey16'], 3: ['srgb', 'rgb16'], 4: ['srgb', 'rgb16'] }[
        raster.channels as 1 | 3 | 4
      ]
      const png = await drawing(withoutInvisible(raster)).png().toBuffer()
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

test('invisible pixels do not count, and keep their colours', async () => {
  const visible = [60, 100, 140, 90].flatMap(level => [level, level + 10, level + 5, 255])
  const hidden = [0, 0, 0, 0]
  for (const invisible of [1, 4, 9]) {
    const row = [...visible, ...new Array(invisible).fill(hidden).flat()]
    const width = 4 + invisible
    const samples = Uint8Array.from({ length: 8 * row.length }, (_, at) => row[at % row.length] ?? 0)
    const raster = { width, height: 8, frames: 1, channels: 4, bits: 8, samples } as const
    const alone = await sharp(await drawing(raster).png().toBuffer())
      .extract({ left: 0, top: 0, width: 4, height: 8 })
      .png()
      .toBuffer()
    const expected = await sharp(alone).normalise().raw().toBuffer()
    for (const operations of ['normalise', 'rotate:360,pixelate:1,normalise']) {
      const { bytes } = await run(await drawing(raster).png().toBuffer(), operations)
      const part = sharp(bytes).extract({ left: 0, top: 0, width: 4, height: 8 })
      assert.deepEqual(await part.raw().toBuffer(), expected, `${invisible} of ${width}: ${operations}`)
      const other = sharp(bytes).extract({ left: 4, top: 0, width: invisible, height: 8 })
      assert.ok((await other.raw().toBuffer()).every(sample => sample === 0))
    }
  }
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

/** The raster with at least a trace of each pixel. */
function withoutInvisible(raster: Raster): Raster {
  if (raster.channels !== 4) return raster
  const samples = raster.samples.slice()
  for (let at = 3; at < samples.length; at += 4) samples[at] ||= 1
  return { ...raster, samples }
}
