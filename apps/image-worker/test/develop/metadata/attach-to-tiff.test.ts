import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { attachToTiff } from '../../../src/develop/metadata/attach-to-tiff.ts'

test('a TIFF of many pages is refused if their profiles would take hundreds of megabytes', async () => {
  const pages = 20
  const tiff = await sharp(Buffer.alloc(pages * 4), {
    raw: { width: 2, height: pages * 2, channels: 1, pageHeight: 2 },
  })
    .tiff()
    .toBuffer()
  assert.equal((await sharp(tiff).metadata()).pages, pages)
  assert.throws(() => attachToTiff(tiff, { icc: new Uint8Array(14 * 1024 * 1024) }), {
    code: 'result-too-large',
    message: 'the 20 pages would have 293601280 bytes of colour profiles: choose another format than TIFF',
  })
  const icc = new Uint8Array(1000)
  assert.ok(attachToTiff(tiff, { icc }).length > pages * icc.length)
})
