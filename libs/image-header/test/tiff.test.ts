import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { UnsupportedImage } from '../src/index.ts'
import * as made from './hand-made.ts'
import { assertMalformed, readBytes } from './read-bytes.ts'

test('a TIFF whose pages form a loop counts each page once', async () => {
  const start = made.joined('II*\0', made.uint32le(8))
  const length = made.ifd(made.tiffPage, 0).length
  const loop = made.joined(start, made.ifd(made.tiffPage, 8 + length), made.ifd(made.tiffPage, 8))
  const header = await readBytes(loop)
  assert.deepEqual([header.frames, header.pixels, header.unpackedBytes], [2, 1_200_000_000, 3_600_000_000])
})

test('a TIFF with more than ten thousand pages is refused', async () => {
  const length = made.ifd(made.tiffPage, 0).length
  const pages = Array.from({ length: 10_001 }, (_, index) =>
    made.ifd(made.tiffPage, 8 + (index + 1) * length),
  )
  await assertMalformed(made.joined('II*\0', made.uint32le(8), ...pages), /more than 10000 pages/)
})

test('a TIFF is refused if all pages together have too many positions of strips', async () => {
  const strips = 1000
  const positions = 8
  const first = positions + 4 * strips
  const tags = { 256: 1, 257: 1, 258: 8, 262: 1, 277: 1, 273: positions }
  const length = made.ifd(tags, 0).length
  const tiff = (pages: number) => {
    const directories = Array.from({ length: pages }, (_, index) => {
      const directory = made.ifd(tags, index === pages - 1 ? 0 : first + (index + 1) * length)
      // The count of the tag 273, the last entry but two.
      directory.set(made.uint32le(strips), 2 + 12 * 4 + 4)
      return directory
    })
    return made.joined('II*\0', made.uint32le(first), new Uint8Array(4 * strips), ...directories)
  }
  // Each page also has a number of bits.
  assert.equal((await readBytes(tiff(1998))).frames, 1998)
  await assertMalformed(tiff(1999), /more than 2000000 numbers/)
})

test('a TIFF is refused if its pages share a profile that would take hundreds of megabytes', async () => {
  const profile = new Uint8Array(1024 * 1024)
  const first = 8 + profile.length
  const tags = { ...made.tiffPage, 256: 1, 257: 1, 34675: 8 }
  const length = made.ifd(tags, 0).length
  const tiff = (pages: number, count: number) => {
    const directories = Array.from({ length: pages }, (_, index) => {
      const directory = made.ifd(tags, index === pages - 1 ? 0 : first + (index + 1) * length)
      // The type and count of the last entry, of bytes.
      directory.set([7, 0], directory.length - 14)
      directory.set(made.uint32le(count), directory.length - 12)
      return directory
    })
    return made.joined('II*\0', made.uint32le(first), profile, ...directories)
  }
  assert.equal((await readBytes(tiff(63, profile.length))).frames, 63)
  await assertMalformed(tiff(65, profile.length), /share more than 67108864 bytes/)
  assert.equal((await readBytes(tiff(65, 2 ** 31))).frames, 65, 'a wrong count')
})

test('a TIFF with pages of several sizes counts each by its own size', async () => {
  const length = made.ifd(made.tiffPage, 0).length
  const small = { ...made.tiffPage, 256: 10, 257: 10 }
  const header = await readBytes(
    made.joined('II*\0', made.uint32le(8), made.ifd(small, 8 + length), made.ifd(made.tiffPage, 0)),
  )
  assert.deepEqual([header.width, header.frames, header.pixels], [10, 2, 600_000_100])
})

test('a TIFF is refused if it has no readable directory, no size or absurd samples', async () => {
  const tiff = (tags: Record<number, number>) => made.joined('II*\0', made.uint32le(8), made.ifd(tags, 0))
  await assertMalformed(made.joined('II*\0', made.uint32le(99_999)), /first directory is not readable/)
  await assertMalformed(tiff({ 256: 10 }), /no width or no height/)
  await assertMalformed(tiff({ ...made.tiffPage, 258: 64 }), /samples of 64 bits \(3 a pixel\)/)
  await assertMalformed(tiff({ ...made.tiffPage, 258: 128, 339: 3 }), /samples of 128 bits \(3 a pixel\)/)
  await assertMalformed(tiff({ ...made.tiffPage, 277: 60_000 }), /samples of 8 bits \(60000 a pixel\)/)
})

test('a TIFF of a camera raw file is refused with this reason', async () => {
  const tiff = (tags: Record<number, number>, mark = '') =>
    made.joined('II*\0', made.uint32le(8 + mark.length), mark, made.ifd(tags, 0))
  const raws = {
    CR2: tiff(made.tiffPage, 'CR\x02\0'),
    ARW: tiff({ 254: 1, 259: 6, 513: 8 }),
    'a colour filter array': tiff({ ...made.tiffPage, 258: 14, 262: 32_803, 277: 1 }),
    'linear samples of a sensor': tiff({ ...made.tiffPage, 262: 34_892 }),
    NEF: tiff({ 254: 1, ...made.tiffPage, 330: 8 }),
    DNG: tiff({ 254: 1, ...made.tiffPage, 50706: 1 }),
  }
  for (const raw of Object.values(raws))
    await assert.rejects(readBytes(raw), error => error instanceof UnsupportedImage)
  for (const tags of [
    { ...made.tiffPage, 330: 8, 50706: 1 },
    { 254: 1, ...made.tiffPage },
  ])
    assert.equal((await readBytes(tiff(tags))).width, made.tiffPage[256])
})

const colourMap = (value: (index: number) => number) =>
  made.joined(...Array.from({ length: 768 }, (_, index) => made.uint16le(value(index))))

test('a TIFF palette unpacks to colours, or to grey if it contains only grey', async () => {
  for (const value of [(index: number) => (index % 256) * 257, (index: number) => index]) {
    const map = colourMap(value)
    const palette = made.joined(
      ...['II*\0', made.uint32le(8 + map.length), map],
      ...[made.uint16le(8), short(256, 4), short(257, 4), short(258, 8), short(262, 3)],
      ...[short(273, 8), short(278, 4), short(279, 16)],
      ...[made.uint16le(320), made.uint16le(3), made.uint32le(768), made.uint32le(8), made.uint32le(0)],
      new Uint8Array(64),
    )
    assert.equal((await readBytes(palette)).channels, (await sharp(palette).metadata()).channels)
  }
})

function short(tag: number, value: number): Uint8Array {
  return made.joined(made.uint16le(tag), made.uint16le(3), made.uint32le(1), made.uint32le(value))
}
