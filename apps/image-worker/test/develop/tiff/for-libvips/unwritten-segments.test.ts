// Slow: it develops every kind of TIFF without some of its tiles and strips.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { overwriteNumbers, withDirectories } from '../../../../src/develop/tiff/edit-tiff.ts'
import { numbersOf } from '../../../../src/develop/tiff/tiff-directory.ts'
import { entryOf, tiffPages } from '../../../../src/develop/tiff/tiff-page.ts'
import { assertAlike } from '../../assert-alike.ts'
import { inspectResult } from '../../inspect.ts'
import { run } from '../../run.ts'
import { fixture, photo } from '../tiff-files.ts'

const operations = ['swap-channels:bgr', 'flip', 'crop:50x40+10+20,format:png']
const white = '255'

for (const compression of ['none', 'lzw', 'deflate', 'packbits'] as const)
  for (const bits of [8, 16] as const)
    test(`tiles and strips that are left out are black (${compression}, ${bits} bits)`, async () => {
      for (const tile of [true, false]) {
        const tiff = await patched('black', { bits, compression, tile })
        await assertAlike(withoutFirst(tiff), tiff, operations)
      }
    })

test('tiles that are left out have the value that GDAL declares for places without data, if it fits', async () => {
  const ofWhite = await patched('white', { bits: 8, compression: 'deflate', tile: true })
  await assertAlike(withoutFirst(ofWhite, white), ofWhite, operations)
  const deep = await patched('white', { bits: 16, compression: 'lzw', tile: true })
  await assertAlike(withoutFirst(deep, '65535'), deep, operations)
  const ofBlack = await patched('black', { bits: 8, compression: 'deflate', tile: true })
  for (const noData of ['-9999', '256', '0.5', 'nan'])
    await assertAlike(withoutFirst(ofBlack, noData), ofBlack, operations)
})

test('a TIFF of Zstandard is developed without a tile', async () => {
  const tiff = await fixture('zstd-tiled')
  const { samples } = await inspectResult(await run(withoutFirst(tiff), 'format:png'))
  assert.deepEqual([...samples.subarray(0, 3)], [0, 0, 0])
})

test('a TIFF of JPEG without a tile is refused with a remedy', async () => {
  for (const operation of operations)
    await assert.rejects(
      run(withoutFirst(await fixture('jpeg-tiled')), operation),
      /strips or tiles that are left out .* save the TIFF with all of them/,
    )
})

interface Written {
  bits: 8 | 16
  compression: 'none' | 'lzw' | 'deflate' | 'packbits'
  tile: boolean
}

/** A photo whose first tile, and first strip, have one colour. */
async function patched(colour: string, { bits, ...options }: Written): Promise<Buffer> {
  const [width, height] = [90, 300]
  const patch = sharp({ create: { width, height: 200, channels: 3, background: colour } })
  const input = await patch.png().toBuffer()
  const base = await photo().resize(width, height, { fit: 'fill' }).png().toBuffer()
  const { data } = await sharp(base)
    .composite([{ input, left: 0, top: 0 }])
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return sharp(data, { raw: { width, height, channels: 3 } })
    .toColourspace(bits === 16 ? 'rgb16' : 'srgb')
    .tiff({ ...options, predictor: 'horizontal', tileWidth: 32, tileHeight: 32 })
    .toBuffer()
}

/** The file with 0 as the position and the length of its first tile or strip, and GDAL's value for missing data. */
function withoutFirst(tiff: Uint8Array, noData?: string): Uint8Array {
  const file = Buffer.from(tiff)
  const [page = assert.fail()] = tiffPages(tiff)
  for (const tag of page.isTiled ? [324, 325] : [273, 279]) {
    const entry = entryOf(page, tag) ?? assert.fail()
    overwriteNumbers(file, entry, numbersOf(entry).with(0, 0))
  }
  if (noData === undefined) return file
  const value = Buffer.from(`${noData}\0`)
  const { directory } = page
  const entries = [...directory.entries, { tag: 42_113, type: 2, count: value.length, value }]
  return withDirectories(file, [{ directory, entries }])
}
