import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { hasReadableTiles } from '../../../../src/develop/tiff/for-libvips/readable-tiles.ts'
import { tiffPages } from '../../../../src/develop/tiff/tiff-page.ts'
import { encodeTiff, longsEntry, shortsEntry } from '../../../../src/develop/tiff/tiff-writer.ts'
import { inspectResult } from '../../inspect.ts'
import { run } from '../../run.ts'
import { photo, rgba } from '../tiff-files.ts'

const [width, height] = [100, 80]
const pixels = await photo().resize(width, height, { fit: 'fill' }).removeAlpha().raw().toBuffer()

for (const side of [8, 17, 272, 512, 1024])
  test(`tiles of ${side} x ${side} pixels in an image of ${width} x ${height} are developed exactly`, async () => {
    for (const compression of [1, 8] as const) {
      const tiff = tiledTiff(side, compression)
      for (const operations of ['swap-channels:rgb', 'flip,flip', 'format:png']) {
        const { samples } = await inspectResult(await run(tiff, operations))
        assert.deepEqual(samples, rgba([...pixels]), `${operations}, compression ${compression}`)
      }
    }
  })

test('such tiles in another compression are refused with a remedy', async () => {
  const tile = sharp({ create: { width: 512, height: 512, channels: 3, background: '#369' } })
  const jpeg = await tile.jpeg({ chromaSubsampling: '4:4:4' }).toBuffer()
  for (const operations of ['swap-channels:bgr', 'flip'])
    await assert.rejects(
      run(tiledTiff(512, 7, jpeg), operations),
      /tiles of 512 x 512 pixels are not supported .* compression \(7\): save the TIFF with strips/,
    )
})

test('a page of thousands of tiles across is developed exactly, but not read by libvips, which would take minutes', async () => {
  for (const [across, isReadable] of [
    [2000, true],
    [2001, false],
  ] as const) {
    const columns = 16 * across - 3
    const tile = Uint8Array.from({ length: 256 }, (_, at) => at)
    const tiff = encodeTiff(writer => {
      const at = writer.append(deflateSync(tile))
      return [
        ...[longsEntry(256, columns), longsEntry(257, 2), shortsEntry(258, 8), shortsEntry(259, 8)],
        ...[shortsEntry(262, 1), longsEntry(322, 16), longsEntry(323, 16)],
        longsEntry(324, ...new Array<number>(across).fill(at)),
        longsEntry(325, ...new Array<number>(across).fill(deflateSync(tile).length)),
      ]
    })
    assert.equal(tiffPages(tiff).every(hasReadableTiles), isReadable)
    const { samples } = await inspectResult(await run(tiff, 'invert,format:png'))
    const row = (y: number) => Array.from({ length: columns }, (_, x) => 255 - (16 * y + (x % 16)))
    const expected = [0, 1].flatMap(row).flatMap(level => [level, level, level, 255])
    assert.deepEqual(samples, Uint8Array.from(expected))
  }
})

function tiledTiff(side: number, compression: 1 | 7 | 8, jpeg = new Uint8Array()): Uint8Array {
  return encodeTiff(writer => {
    const tiles: Uint8Array[] = []
    for (let top = 0; top < height; top += side)
      for (let left = 0; left < width; left += side) tiles.push(tileAt(left, top, side))
    const pack = { 1: (tile: Uint8Array) => tile, 7: () => jpeg, 8: (tile: Uint8Array) => deflateSync(tile) }
    const packed = tiles.map(pack[compression])
    return [
      ...[longsEntry(256, width), longsEntry(257, height), shortsEntry(258, 8, 8, 8)],
      ...[shortsEntry(259, compression), shortsEntry(262, compression === 7 ? 6 : 2), shortsEntry(277, 3)],
      ...[longsEntry(322, side), longsEntry(323, side)],
      longsEntry(324, ...packed.map(tile => writer.append(tile))),
      longsEntry(325, ...packed.map(tile => tile.length)),
      ...(compression === 7 ? [shortsEntry(530, 1, 1)] : []),
    ]
  })
}

/** Rows are padded to the width of the tile, and rows below the image are empty. */
function tileAt(left: number, top: number, side: number): Uint8Array {
  const tile = new Uint8Array(3 * side * side)
  for (let y = 0; y < side && top + y < height; y++) {
    const start = 3 * ((top + y) * width + left)
    tile.set(pixels.subarray(start, start + 3 * Math.min(side, width - left)), 3 * y * side)
  }
  return tile
}
