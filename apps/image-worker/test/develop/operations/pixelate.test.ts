import { test } from 'node:test'
import fc from 'fast-check'
import { assertSame, inspect, inspectResult } from '../inspect.ts'
import { drawing, rasters } from '../rasters.ts'
import { run } from '../run.ts'
import { pictureOf, pixelOf } from './plain-rasters.ts'

test('each square has its mean colour, in every kind of image; transparent pixels don’t change the colour', async () => {
  await fc.assert(
    fc.asyncProperty(rasters(), fc.integer({ min: 1, max: 30 }), async (raster, size) => {
      const file = await drawing(raster).png().toBuffer()
      const before = await inspect(file)
      const expected = pictureOf(before, before, (x, y) => {
        const pixels: number[][] = []
        for (let dy = 0; dy < size; dy++)
          for (let dx = 0; dx < size; dx++) {
            const pixel = pixelOf(before, x - (x % size) + dx, y - (y % size) + dy)
            if (pixel) pixels.push(pixel)
          }
        const opacity = pixels.reduce((sum, [, , , alpha = 0]) => sum + alpha, 0)
        const mean = [0, 1, 2].map(channel =>
          opacity === 0
            ? 0
            : Math.round(
                pixels.reduce((sum, pixel) => sum + (pixel[channel] ?? 0) * (pixel[3] ?? 0), 0) / opacity,
              ),
        )
        return [...mean, Math.round(opacity / pixels.length)]
      })
      assertSame(await inspectResult(await run(file, `pixelate:${size}`)), expected, `squares of ${size}`)
    }),
    { numRuns: 80 },
  )
})
