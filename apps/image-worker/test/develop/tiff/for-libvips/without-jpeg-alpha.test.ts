import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutJpegAlpha } from '../../../../src/develop/tiff/for-libvips/without-jpeg-alpha.ts'
import { jpegsOf } from '../../../../src/develop/tiff/jpeg-stream.ts'
import { tiffPages } from '../../../../src/develop/tiff/tiff-page.ts'
import { encodeTiff, longsEntry, shortsEntry } from '../../../../src/develop/tiff/tiff-writer.ts'
import { inspect } from '../../inspect.ts'
import { bytesOf, run } from '../../run.ts'
import { fixture } from '../tiff-files.ts'

/** A page of 45 x 37 pixels in one strip. */
const strip = await fixture('jpeg-alpha')
/** The size of its blocks of 8 x 8 pixels. */
const [width, height] = [48, 40]
const [page] = tiffPages(strip)
const [own] = page ? jpegsOf(strip, page) : []
const tile = Buffer.from(own ?? assert.fail())
const frameAt = tile.indexOf(Buffer.of(0xff, 0xc0))
tile.writeUInt16BE(height, frameAt + 5)
tile.writeUInt16BE(width, frameAt + 7)

/** The page twice, one below the other. */
function tiffOf(jpegs: readonly Uint8Array[]): Buffer {
  return encodeTiff(writer => [
    ...[longsEntry(256, width), longsEntry(257, 2 * height), shortsEntry(258, 8, 8, 8, 8)],
    ...[shortsEntry(259, 7), shortsEntry(262, 2), shortsEntry(277, 4), shortsEntry(284, 1)],
    ...[longsEntry(322, width), longsEntry(323, height)],
    longsEntry(324, ...jpegs.map(jpeg => writer.append(jpeg))),
    longsEntry(325, ...jpegs.map(jpeg => jpeg.length)),
    shortsEntry(338, 2),
  ])
}

test('tiles of JPEG with transparency are developed with the samples of such strips', async () => {
  const crop = `crop:${page?.width}x${page?.height}`
  for (const operations of ['format:png', 'swap-channels:bgr,format:png', 'flop,flop,invert']) {
    const wanted = await inspect(await bytesOf(strip, operations))
    for (const top of [0, height]) {
      const found = await inspect(await bytesOf(tiffOf([tile, tile]), `${crop}+0+${top},${operations}`))
      assert.deepEqual(found.samples, wanted.samples, `${operations}, ${top}`)
    }
  }
  const { bytes } = await run(tiffOf([tile, tile]), 'swap-channels:bgr')
  assert.equal(tiffPages(bytes)[0]?.compression, 8)
})

test('a tile of JPEG with transparency fails if it is damaged or has another size', async () => {
  const smaller = Buffer.from(tile)
  smaller.writeUInt16BE(height / 2, frameAt + 5)
  for (const odd of [tile.subarray(0, tile.length / 2), smaller])
    for (const operations of ['swap-channels:bgr', 'format:png'])
      await assert.rejects(run(tiffOf([tile, odd]), operations), { code: 'undecodable-image' })
})

test('tiles of JPEG that are far larger than their page are not unpacked', async () => {
  const tiff = encodeTiff(writer => [
    ...[longsEntry(256, 1), longsEntry(257, 1), shortsEntry(258, 8, 8, 8, 8)],
    ...[shortsEntry(259, 7), shortsEntry(262, 2), shortsEntry(277, 4), shortsEntry(284, 1)],
    ...[longsEntry(322, 1024), longsEntry(323, 2048)],
    ...[longsEntry(324, writer.append(tile)), longsEntry(325, tile.length), shortsEntry(338, 2)],
  ])
  const reserve = () => assert.fail('memory was reserved')
  assert.equal(await withoutJpegAlpha(tiff, { unpackedBytes: 4 }, reserve), tiff)
})
