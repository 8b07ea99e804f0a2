import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fractionOf } from '../../../src/develop/fraction.ts'
import { type Exif, exifBytes, exifDescribing, readExif } from '../../../src/develop/metadata/exif.ts'
import { tags } from '../../../src/develop/metadata/exif-tags.ts'
import { iptcDatasets } from '../../../src/develop/metadata/iptc.ts'
import { readPngMetadata } from '../../../src/develop/metadata/png-metadata.ts'
import { readXmp } from '../../../src/develop/metadata/xmp.ts'
import type { TiffEntry } from '../../../src/develop/tiff/tiff-directory.ts'
import { cameraExif } from '../camera-exif.ts'

const size = { width: 7, height: 5 }

/** A camera's EXIF with some changed bytes: pointers in circles, overlapping values, huge counts. */
const damaged = fc
  .tuple(
    fc.constantFrom('II' as const, 'MM' as const),
    fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 12 }),
  )
  .map(([order, changes]) => {
    const exif = cameraExif(order)
    for (const [at, byte] of changes) exif[at % exif.length] = byte
    return exif
  })

test('any bytes are read as EXIF or ignored, and the EXIF written from them can be read again', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), bytes => {
      const exif = readExif(bytes)
      if (!exif) return
      const written = exifDescribing(exif, size, 'jpeg')
      const again = readExif(exifBytes(written))
      assert.deepEqual(again && contentOf(exifDescribing(again, size, 'jpeg')), contentOf(written))
    }),
    { numRuns: 2000 },
  )
})

test('a fraction that should point to a directory is ignored', () => {
  const entry = (tag: number, type: number, count: number, value: Uint8Array) =>
    Buffer.concat([Buffer.of(tag >> 8, tag, 0, type, 0, 0, 0, count), value])
  const exif = Buffer.concat([
    Buffer.from('MM\0*\0\0\0\x08\0\x02', 'latin1'),
    entry(0x013b, 2, 4, Buffer.from('Ada\0')),
    entry(tags.gps, 5, 1, Buffer.of(0, 0, 0, 38)),
    Buffer.of(0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 2),
  ])
  assert.deepEqual(Object.keys(readExif(exif) ?? {}), ['main'])
})

test('the thumbnail of damaged EXIF is not in the written EXIF, whatever points to it', () => {
  const thumbnail = Buffer.from('THUMBNAIL of Ada')
  for (const order of ['II', 'MM'] as const) {
    const exif = cameraExif(order)
    // The artist's name, in the first entry of the main directory, points to the thumbnail.
    const at = exif.indexOf(thumbnail)
    if (order === 'II') exif.writeUInt32LE(at, 18)
    else exif.writeUInt32BE(at, 18)
    const kept = readExif(exif)
    assert.ok(kept)
    assert.ok(!Buffer.from(exifBytes(kept)).includes(thumbnail.subarray(0, 8)))
  }
})

test('a directory whose 65,535 entries all have the same large value is read in moderate memory', () => {
  const entries = 65_535
  const valueAt = 8 + 2 + 12 * entries + 4
  const block = Buffer.alloc(valueAt + 1_000_000)
  block.write('II*\0\x08\0\0\0', 'latin1')
  block.writeUInt16LE(entries, 8)
  for (let entry = 0; entry < entries; entry++) {
    const at = 10 + 12 * entry
    block.writeUInt16LE(entry, at)
    block.writeUInt16LE(7, at + 2)
    block.writeUInt32LE(1_000_000, at + 4)
    block.writeUInt32LE(valueAt, at + 8)
  }
  const exif = readExif(block)
  assert.ok(!exif || exifBytes(exif).length <= 2 * block.length)
})

test('any bytes are read as XMP, IPTC or PNG, or ignored', () => {
  const markup = fc
    .array(
      fc.constantFrom(
        '<',
        '>',
        '/',
        '<?',
        '?>',
        '<!--',
        '-->',
        'a:b',
        'xmlns:a="c"',
        ' ',
        '"',
        "'",
        '=',
        '&',
      ),
      {
        maxLength: 60,
      },
    )
    .map(parts => Buffer.from(parts.join('')))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), markup), bytes => {
      readXmp(bytes, { movesPixels: true, changesView: true })
      iptcDatasets(bytes)
      iptcDatasets(Uint8Array.of(0x1c, ...bytes))
      readPngMetadata(bytes)
    }),
    { numRuns: 2000 },
  )
})

test('a fraction differs from its number by at most a billionth', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1_000_000, noNaN: true }), value => {
      const [numerator, denominator] = fractionOf(value)
      assert.ok(Math.abs(numerator / denominator - value) <= 1e-9 * value)
    }),
  )
  assert.deepEqual(
    [72, 300.5, 118.11, 1 / 3].map(value => fractionOf(value)),
    [
      [72, 1],
      [601, 2],
      [11811, 100],
      [1, 3],
    ],
  )
})

/** The entries of the directories by tag, as they are written. */
function contentOf(exif: Exif): unknown {
  return Object.entries(exif).map(([name, entries]: [string, TiffEntry[]]) => {
    const sorted = entries.toSorted((one, other) => one.tag - other.tag)
    return [name, sorted.map(({ tag, type, count, value }) => [tag, type, count, [...value]])]
  })
}
