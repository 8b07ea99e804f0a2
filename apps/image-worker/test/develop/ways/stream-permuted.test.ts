import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import fc from 'fast-check'
import sharp from 'sharp'
import { usualResult } from '../../../src/develop/format-abilities.ts'
import { streamPermuted } from '../../../src/develop/ways/stream-permuted.ts'
import { generatedPhoto } from '../../generated-photo.ts'
import { orders } from '../../permute/pictures.ts'
import { assertSame, inspect, permuted } from '../inspect.ts'
import { drawing, rasters } from '../rasters.ts'
import { limits } from '../run.ts'

const photo = () => generatedPhoto({ width: 48, height: 32, seed: 2 })

test('a stream is permuted as exactly as a raster of any shape', async () => {
  await fc.assert(
    fc.asyncProperty(rasters({ bits: [8], frames: [1, 3] }), orders, async (raster, order) => {
      const image = drawing(raster)
      const files: Buffer[] = []
      if (raster.channels > 2)
        files.push(await image.clone().webp({ lossless: true, exact: true, delay: 40 }).toBuffer())
      if (raster.frames === 1) files.push(await image.clone().png().toBuffer())
      if (raster.frames === 1) files.push(await image.clone().tiff({ compression: 'lzw' }).toBuffer())
      for (const file of files) {
        const header = await readImageHeader(bytesSource(file))
        const output = { format: usualResult(header.format), metadata: 'strip' } as const
        const bytes = (await streamPermuted(file, header, order, output, limits)) ?? assert.fail()
        assertSame(await inspect(bytes), permuted(await inspect(file), order), header.format)
      }
    }),
    { numRuns: 40 },
  )
})

test('a streamed JPEG keeps its profile, and its EXIF if metadata is kept', async () => {
  const jpeg = await photo()
    .withIccProfile('p3')
    .withExifMerge({ IFD0: { Artist: 'Ada' } })
    .jpeg({ quality: 90 })
    .toBuffer()
  const header = await readImageHeader(bytesSource(jpeg))
  const before = await sharp(jpeg).metadata()
  assert.ok(before.icc && before.exif)
  for (const metadata of ['strip', 'keep'] as const) {
    const output = { format: usualResult(header.format), metadata }
    const after = await sharp(await streamPermuted(jpeg, header, 'bgr', output, limits)).metadata()
    assert.deepEqual(after.icc, before.icc)
    assert.equal(after.exif !== undefined, metadata === 'keep')
  }
})
