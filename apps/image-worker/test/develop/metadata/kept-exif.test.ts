import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { streamPermuted } from '../../../src/develop/ways/stream-permuted.ts'
import { chunk, withChunks } from '../../permute/png/png-assembler.ts'
import { jpegWith } from '../metadata-traces.ts'
import { long, tagsIn } from '../resolution-in.ts'
import { limits, run } from '../run.ts'
import { everyWay, sizeAfter, ultraHdr, withThumbnail } from './camera-photos.ts'

/** The first bytes of every JPEG, and so of a thumbnail. */
const startOfJpeg = Buffer.of(0xff, 0xd8, 0xff)
const formatsWithExif = ['jpeg', 'png', 'webp', 'avif'] as const

test('kept EXIF has the size of the result, and no thumbnail of the original', async () => {
  for (const operations of everyWay) {
    for (const type of formatsWithExif) {
      const { bytes } = await run(withThumbnail, `${operations},metadata:keep,format:${type}`)
      const exif = tiffOf((await sharp(bytes).metadata()).exif)
      const below = tagsIn(exif, 0x8769)
      const size = [0xa002, 0xa003].map(tag => long(exif, below.get(tag) ?? 0))
      assert.deepEqual(size, sizeAfter[operations], `${operations} to ${type}`)
      assert.ok(!exif.includes(startOfJpeg), `${operations} to ${type}`)
      assert.ok(exif.includes('Acme'), `${operations} to ${type}`)
      // The compressed pixels of a PNG, which come last, may contain any bytes.
      const before = type === 'png' ? bytes.subarray(0, Buffer.from(bytes).indexOf('IDAT')) : bytes
      assert.equal(Buffer.from(before).lastIndexOf(startOfJpeg), type === 'jpeg' ? 0 : -1)
    }
    const tiff = Buffer.from((await run(withThumbnail, `${operations},metadata:keep,format:tiff`)).bytes)
    assert.ok(!tiff.includes(startOfJpeg) && tiff.includes('Acme'))
  }
})

test("a PNG whose bytes are rearranged has no thumbnail of its original, in EXIF or in ImageMagick's texts", async () => {
  const { exif } = await sharp(withThumbnail).metadata()
  const block = tiffOf(exif)
  const hex = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), block]).toString('hex')
  const raw = `Raw profile type exif\0\nexif\n${block.length + 6}\n${hex.replaceAll(/(.{72})/g, '$1\n')}\n`
  const png = await sharp(withThumbnail).png().toBuffer()
  for (const carrier of [chunk('eXIf', block), chunk('tEXt', Buffer.from(raw, 'latin1'))]) {
    const file = withChunks(png, carrier)
    for (const operations of ['swap-channels', 'crop:40x30']) {
      const { bytes } = await run(file, `${operations},metadata:keep`)
      const kept = tiffOf((await sharp(bytes).metadata()).exif)
      assert.ok(kept.includes('Acme') && !kept.includes(startOfJpeg))
      assert.ok(!Buffer.from(bytes).includes('Raw profile'))
    }
  }
})

test('EXIF loses maker notes, and positions in the picture if pixels move', async () => {
  const block = exifWith([
    { tag: 0x9003, type: 2, value: Buffer.from('2026:11:25 10:00:00\0') },
    { tag: 0x9214, type: 3, value: Buffer.of(80, 0, 64, 0, 20, 0, 20, 0) },
    {
      tag: 0x927c,
      type: 7,
      value: Buffer.concat([Buffer.from('SONY DSC'), startOfJpeg, Buffer.from('PREVIEW')]),
    },
    { tag: 0xa20e, type: 5, value: Buffer.of(1, 0, 0, 0, 1, 0, 0, 0) },
    { tag: 0xa010, type: 4, value: Buffer.of(1, 2, 3, 4) },
  ])
  const file = withExif(block)
  for (const [operations, isMoved] of [
    ['swap-channels', false],
    ['invert', false],
    ['flip', true],
    ['crop:40x30', true],
  ] as const) {
    const { bytes } = await run(file, `${operations},metadata:keep`)
    const kept = tiffOf((await sharp(bytes).metadata()).exif)
    const tags = tagsIn(kept, 0x8769)
    assert.ok(tags.has(0x9003), operations)
    assert.equal(tags.has(0x9214), !isMoved, operations)
    assert.ok(!tags.has(0x927c) && !tags.has(0xa010) && !kept.includes('PREVIEW'), operations)
  }
})

test('a streamed image loses its thumbnail, and all EXIF unless metadata is kept', async () => {
  for (const type of formatsWithExif) {
    const file = await sharp(withThumbnail).keepExif().toFormat(type).toBuffer()
    assert.ok(Buffer.from(file).lastIndexOf(startOfJpeg) > 0, type)
    const header = await readImageHeader(bytesSource(file))
    for (const metadata of ['strip', 'keep'] as const) {
      const bytes = await streamPermuted(file, header, 'bgr', { format: type, metadata }, limits)
      assert.ok(bytes)
      const { exif } = await sharp(bytes).metadata()
      assert.equal(exif?.includes('Acme') ?? false, metadata === 'keep', type)
      // The compressed pixels of a PNG, which come last, may contain any bytes.
      const before = type === 'png' ? bytes.subarray(0, Buffer.from(bytes).indexOf('IDAT')) : bytes
      assert.equal(Buffer.from(before).lastIndexOf(startOfJpeg), type === 'jpeg' ? 0 : -1)
    }
  }
})

function tiffOf(exif: Buffer | undefined): Buffer {
  assert.ok(exif)
  return exif.subarray(exif.toString('latin1', 0, 4) === 'Exif' ? 6 : 0)
}

/** Little-endian EXIF whose main directory points to a directory with these entries. */
function exifWith(entries: readonly { tag: number; type: number; value: Buffer }[]): Buffer {
  const bytesOf: Readonly<Record<number, number>> = { 2: 1, 3: 2, 4: 4, 5: 8, 7: 1 }
  const mainBytes = 8 + 2 + 12 + 4
  const directory = Buffer.alloc(2 + 12 * entries.length + 4)
  directory.writeUInt16LE(entries.length)
  const values: Buffer[] = []
  let valueAt = mainBytes + directory.length
  for (const [index, { tag, type, value }] of entries.entries()) {
    const at = 2 + 12 * index
    directory.writeUInt16LE(tag, at)
    directory.writeUInt16LE(type, at + 2)
    directory.writeUInt32LE(value.length / (bytesOf[type] ?? 1), at + 4)
    if (value.length <= 4) value.copy(directory, at + 8)
    else {
      directory.writeUInt32LE(valueAt, at + 8)
      values.push(value)
      valueAt += value.length
    }
  }
  const main = Buffer.from('II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\0\0\0\0\0\0\0\0', 'latin1')
  main.writeUInt32LE(mainBytes, 18)
  return Buffer.concat([main, directory, ...values])
}

function withExif(block: Buffer): Buffer {
  return jpegWith(ultraHdr, [
    { marker: 0xe1, data: Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), block]) },
  ])
}
