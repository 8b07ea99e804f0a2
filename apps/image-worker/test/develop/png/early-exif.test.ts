import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withEarlyExif } from '../../../src/develop/png/early-exif.ts'
import { assemblePng, chunk, splitChunks, withChunks } from '../../permute/png/png-assembler.ts'
import { exifOf } from '../metadata-traces.ts'

const png = assemblePng({ width: 1, height: 1, colorType: 0, bitDepth: 8, samples: [1] })

test('EXIF after the image data of a PNG moves before it; a PNG without or with early EXIF is not copied', () => {
  const exif = chunk('eXIf', exifOf(6))
  const early = withChunks(png, exif)
  assert.equal(withEarlyExif(early, { orientation: 6 }), early)
  assert.equal(withEarlyExif(png, { orientation: 6 }), png)
  const end = chunk('IEND')
  const late = Buffer.concat([png.subarray(0, -end.length), exif, end])
  assert.equal(withEarlyExif(late, { orientation: 1 }), late)
  const types = splitChunks(Buffer.from(withEarlyExif(late, { orientation: 6 }))).map(({ type }) => type)
  assert.deepEqual(types, ['IHDR', 'eXIf', 'IDAT', 'IEND'])
})
