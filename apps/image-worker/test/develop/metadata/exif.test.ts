import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exifDescribing } from '../../../src/develop/metadata/exif.ts'
import { longsEntry } from '../../../src/develop/tiff/tiff-writer.ts'

test('the resolution of the sensor in EXIF is dropped if the image has another size', () => {
  const exif = [longsEntry(0xa002, 40), longsEntry(0xa003, 30), longsEntry(0xa20e, 3000)]
  const tagsFor = (width: number, height: number) =>
    exifDescribing({ main: [], exif }, { width, height }, 'jpeg').exif?.map(({ tag }) => tag)
  assert.deepEqual(tagsFor(40, 30), [0xa002, 0xa003, 0xa20e])
  assert.deepEqual(tagsFor(40, 29), [0xa002, 0xa003])
  assert.deepEqual(tagsFor(20, 30), [0xa002, 0xa003])
})
