// In its own process: the worker threads of other tests make SVG unreadable in their process.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { drawn, inspect, inspectResult } from '../inspect.ts'
import { drawing, rasterFrom, rasters } from '../rasters.ts'
import { run } from '../run.ts'

test('corners equal those of a rounded rectangle drawn by sharp, in every kind of image', async () => {
  await fc.assert(
    fc.asyncProperty(rasters(), fc.integer({ min: 1, max: 14 }), async (raster, radius) => {
      const { width, height } = raster
      fc.pre(width > 1 || height > 1) // a single pixel has no corners: it stays as it is
      const file = await drawing(raster).png().toBuffer()
      const [before, after] = [await inspect(file), await inspectResult(await run(file, `round:${radius}`))]
      assert.deepEqual(
        [after.width, after.height, after.isDeep, after.isGrey],
        [width, height, before.isDeep, before.isGrey],
      )
      const mask = await drawnMask(width, height, Math.min(radius, width / 2, height / 2))
      const most = before.isDeep ? 65_535 : 255
      for (let at = 0; at < before.samples.length; at += 4) {
        const [red, green, blue, alpha = 0] = before.samples.subarray(at, at + 4)
        const expected = (alpha * (mask[at / 4] ?? 0)) / 255
        const opacity = after.samples[at + 3] ?? 0
        assert.ok(
          Math.abs(opacity - expected) <= 0.15 * most,
          `${opacity} instead of ${expected} at ${at / 4}`,
        )
        if (opacity > 0) assert.deepEqual([...after.samples.subarray(at, at + 3)], [red, green, blue])
      }
    }),
    { numRuns: 60 },
  )
})

/** The share of each pixel that is inside, 0 to 255. */
async function drawnMask(width: number, height: number, radius: number): Promise<Uint8Array> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="${width}" height="${height}" rx="${radius}" ry="${radius}"/></svg>`
  return sharp(Buffer.from(svg)).extractChannel(3).raw().toBuffer()
}

test('a circle is cut out of the middle, in its square', async () => {
  const rows = new Array(20).fill(['ff0000', ...new Array(39).fill('0000ff')].join(' '))
  const result = await inspectResult(
    await run(await drawing(rasterFrom(rows)).png().toBuffer(), 'round:circle'),
  )
  assert.deepEqual([result.width, result.height], [20, 20])
  const picture = drawn(result).map(row => row.split(' '))
  const opacityAt = (x: number, y: number) => Number.parseInt(picture[y]?.[x]?.slice(6) ?? '', 16)
  const places: [number, number][] = [
    [0, 0],
    [19, 0],
    [0, 19],
    [19, 19],
    [10, 0],
    [0, 10],
    [19, 10],
    [10, 10],
  ]
  const opacities = places.map(([x, y]) => Math.round(opacityAt(x, y) / 25.5))
  assert.deepEqual(opacities, [0, 0, 0, 0, 10, 10, 10, 10])
})

test('the area outside is transparent, or has the requested colour; in a JPEG it is white', async () => {
  const image = drawing(rasterFrom(new Array(128).fill(new Array(128).fill('ff0000').join(' '))))
  const files = { png: await image.clone().png().toBuffer(), jpeg: await image.clone().jpeg().toBuffer() }
  const corner = async (file: Uint8Array, operations: string) => {
    const result = await inspectResult(await run(file, operations))
    return [result.format, drawn(result)[0]?.slice(0, 8)]
  }
  assert.deepEqual(await corner(files.png, 'round:64'), ['png', 'ff000000'])
  assert.deepEqual(await corner(files.png, 'round:64:00ff00'), ['png', '00ff00ff'])
  assert.deepEqual(await corner(files.png, 'round:64,format:jpeg'), ['jpeg', 'ffffffff'])
  assert.deepEqual(await corner(files.jpeg, 'round:64'), ['jpeg', 'ffffffff'])
  assert.deepEqual(await corner(files.jpeg, 'round:64:000000'), ['jpeg', '000000ff'])
  assert.deepEqual(await corner(files.jpeg, 'round:64,format:png'), ['png', 'fe000000'])
})
