import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { joinPages } from '../../../src/develop/tiff/join-pages.ts'
import { pageByPage } from '../../../src/develop/tiff/page-by-page.ts'
import { TiffReader } from '../../../src/develop/tiff/tiff-directory.ts'
import { tiffPages } from '../../../src/develop/tiff/tiff-page.ts'

test('each page of a TIFF is read from a file that has no other', async () => {
  const colours = ['#ff0000', '#00ff00', '#0000ff']
  const files = colours.map(background =>
    sharp({ create: { width: 3, height: 2, channels: 3, background } })
      .tiff({ compression: 'lzw' })
      .toBuffer(),
  )
  const tiff = joinPages(await Promise.all(files))
  const before = Buffer.from(tiff)
  const fileOf = pageByPage(tiff)
  for (const order of [
    [0, 1, 2],
    [2, 0, 1],
  ]) {
    for (const index of order) {
      const file = fileOf(tiffPages(tiff)[index] ?? assert.fail())
      assert.equal(TiffReader.of(file)?.directories().length, 1)
      const [red, green, blue] = await sharp(file).raw().toBuffer()
      assert.deepEqual(
        [red, green, blue],
        [0, 1, 2].map(channel => (channel === index ? 255 : 0)),
      )
    }
  }
  assert.deepEqual(Buffer.from(tiff), before)
})
