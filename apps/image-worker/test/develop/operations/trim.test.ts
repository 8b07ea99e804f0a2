import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { assertSame, inspect, inspectResult } from '../inspect.ts'
import { drawing, rasterFrom, rasters } from '../rasters.ts'
import { run } from '../run.ts'

test('a trim removes margins of one colour exactly, in every kind of image', async () => {
  const margin = fc.integer({ min: 1, max: 5 })
  await fc.assert(
    fc.asyncProperty(
      rasters(),
      fc.tuple(margin, margin, margin, margin),
      fc.constantFrom('01fe03', '00ff8040'),
      async (raster, margins, background) => {
        const file = await drawing(raster).png().toBuffer()
        const once = await inspectResult(await run(file, `pad:${margins.join(':')}:${background},trim:0`))
        const rim = await inspectResult(
          await run(file, `pad:0:0:0:0:${background},pad:1:${background},trim:0`),
        )
        assertSame(once, rim, background)
        // An opaque picture with other colours at every edge is not cut.
        assert.ok(once.width <= raster.width && once.height <= raster.height)
      },
    ),
    { numRuns: 80 },
  )
})

test('a trim of opaque images equals the trim of sharp', async () => {
  for (const threshold of [1, 10, 60]) {
    const samples = new Uint8Array(40 * 30 * 3).fill(200)
    for (let y = 6; y < 21; y++)
      for (let x = 9; x < 33; x++) samples[(y * 40 + x) * 3 + (y % 3)] = 200 - ((x * y) % 90)
    const image = () => sharp(samples, { raw: { width: 40, height: 30, channels: 3 } })
    const expected = await image().trim({ threshold, lineArt: true }).png().toBuffer()
    const result = await run(await image().png().toBuffer(), `trim:${threshold}`)
    assertSame(await inspectResult(result), await inspect(expected), `threshold ${threshold}`)
    const deep = sharp(
      Uint16Array.from(samples, sample => sample * 257),
      { raw: { width: 40, height: 30, channels: 3 } },
    )
    const { width, height } = (
      await run(await deep.toColourspace('rgb16').png().toBuffer(), `trim:${threshold}`)
    ).facts
    assert.deepEqual([width, height], [result.facts.width, result.facts.height])
  }
})

test('an image of one colour stays as it is, and so does an image whose edges differ from its corner', async () => {
  for (const rows of [
    ['ff0000 ff0000', 'ff0000 ff0000'],
    ['ff0000'],
    ['ff0000 00ff00', '00ff00 ff0000'],
    ['ff000000 00ff0000'],
  ]) {
    const file = await drawing(rasterFrom(rows)).png().toBuffer()
    assertSame(await inspectResult(await run(file, 'trim')), await inspect(file))
  }
})

test('transparent pixels are equal whatever their colours, and a faint shadow is compared by its opacity', async () => {
  const file = await drawing(rasterFrom(['ff000000 00ff0000 0000ff00', '00000000 ffffffff 00000008']))
    .png()
    .toBuffer()
  const sizes = await Promise.all(['trim', 'trim:5'].map(async trim => (await run(file, trim)).facts))
  assert.deepEqual(
    sizes.map(({ width, height }) => [width, height]),
    [
      [1, 1],
      [2, 1],
    ],
  )
})

test('all frames of an animation are cut to the part in which any frame shows something', async () => {
  const frame = (at: number) => {
    const samples = new Uint8Array(20 * 10 * 3).fill(9)
    if (at > 0) samples.fill(200, (4 * 20 + at) * 3, (4 * 20 + at + 2) * 3)
    return samples
  }
  const raster = { width: 20, height: 10, frames: 4, channels: 3, bits: 8 } as const
  const samples = Uint8Array.from([0, 5, 9, 7].flatMap(at => [...frame(at)]))
  const file = drawing({ ...raster, samples })
  const settings = { delay: [40, 50, 60, 70], loop: 2 }
  const files = {
    gif: await file.clone().gif(settings).toBuffer(),
    webp: await file
      .clone()
      .webp({ ...settings, lossless: true })
      .toBuffer(),
  }
  for (const bytes of Object.values(files)) {
    const result = await inspectResult(await run(bytes, 'trim'))
    const { width, height, frames, delays, loop } = result
    assert.deepEqual([width, height, frames, delays, loop], [6, 1, 4, settings.delay, 2])
  }
  const tiff = await file.clone().tiff({ compression: 'lzw' }).toBuffer()
  const { width, height, frames } = await inspectResult(await run(tiff, 'trim,format:webp'))
  assert.deepEqual([width, height, frames], [6, 1, 4])
})
