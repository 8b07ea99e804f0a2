import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { withNewJpegs } from '../../../../src/develop/tiff/for-libvips/old-jpegs.ts'
import { compressions, tiffPages } from '../../../../src/develop/tiff/tiff-page.ts'
import {
  encodeTiff,
  longsEntry,
  shortsEntry,
  type TiffWriter,
} from '../../../../src/develop/tiff/tiff-writer.ts'
import { SegmentReader } from '../../../../src/permute/jpeg/segment-reader.ts'
import { assertAlike } from '../../assert-alike.ts'
import { run } from '../../run.ts'
import { photo, stripOfJpeg } from '../tiff-files.ts'

const size = { width: 96, height: 64 }
const operations = ['swap-channels:bgr', 'flop', 'format:png', 'crop:20x10+30+20,format:webp']
const picture = () => photo().resize({ ...size, fit: 'fill' })
const encode = (image: ReturnType<typeof photo>, chromaSubsampling: string) =>
  image.jpeg({ quality: 90, chromaSubsampling, optimiseCoding: false }).toBuffer()
const full = await encode(picture(), '4:4:4')
const quarter = await encode(picture(), '4:2:0')
const grey = await encode(picture().toColourspace('b-w'), '4:4:4')

/** The segments of a JPEG, with their markers, up to its codes. */
function segmentsOf(jpeg: Buffer): { marker: number; data: Buffer; at: number; end: number }[] {
  const reader = new SegmentReader(jpeg)
  reader.marker()
  const segments = []
  for (let marker = 0; marker !== 0xda; ) {
    const at = reader.position
    marker = reader.marker()
    segments.push({ marker, data: reader.segment(), at, end: reader.position })
  }
  return segments
}

/** The tables that a JPEG has for its first component, and for the others. */
function tablesOf(jpeg: Buffer): { quantisation: Buffer[]; dc: Buffer[]; ac: Buffer[] } {
  const tables = { quantisation: [] as Buffer[], dc: [] as Buffer[], ac: [] as Buffer[] }
  for (const { marker, data } of segmentsOf(jpeg)) {
    if (marker === 0xdb)
      for (let at = 0; at < data.length; at += 65) tables.quantisation.push(data.subarray(at + 1, at + 65))
    if (marker !== 0xc4) continue
    for (let at = 0; at < data.length; ) {
      const end = at + 17 + data.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0)
      ;((data[at] ?? 0) < 0x10 ? tables.dc : tables.ac).push(data.subarray(at + 1, end))
      at = end
    }
  }
  return tables
}

const codesOf = (jpeg: Buffer) => jpeg.subarray(segmentsOf(jpeg).at(-1)?.end, -2)
const scanHeaderOf = (jpeg: Buffer) => {
  const scan = segmentsOf(jpeg).at(-1) ?? assert.fail()
  return jpeg.subarray(scan.at, scan.end)
}

/** A page of old-style JPEG. Its head is at the offset in tag 513. */
function oldTiff(
  page: {
    strips: Uint8Array[]
    rows?: number
    head?: Uint8Array
    sampling?: number
    photometric?: number
    tile?: boolean
  },
  others: (writer: TiffWriter) => ReturnType<typeof longsEntry>[] = () => [],
): Buffer {
  const { strips, rows = size.height, head, sampling, photometric = 6, tile } = page
  const samples = photometric === 1 ? 1 : 3
  return encodeTiff(writer => {
    const jpeg = head ? [longsEntry(513, writer.append(head)), longsEntry(514, head.length)] : []
    const offsets = strips.map(strip => writer.append(strip))
    const lengths = strips.map(strip => strip.length)
    const layout = tile
      ? [
          longsEntry(322, size.width),
          longsEntry(323, rows),
          longsEntry(324, ...offsets),
          longsEntry(325, ...lengths),
        ]
      : [longsEntry(273, ...offsets), longsEntry(278, rows), longsEntry(279, ...lengths)]
    return [
      ...[
        longsEntry(256, size.width),
        longsEntry(257, size.height),
        shortsEntry(258, ...new Array(samples).fill(8)),
      ],
      ...[shortsEntry(259, 6), shortsEntry(262, photometric), shortsEntry(277, samples), shortsEntry(512, 1)],
      ...layout,
      ...jpeg,
      ...(sampling ? [shortsEntry(530, sampling, sampling)] : []),
      ...others(writer),
    ]
  })
}

/** Tags 519 to 521, with the tables of each component. */
function tableTags(jpeg: Buffer, components: number) {
  return (writer: TiffWriter) => {
    const { quantisation, dc, ac } = tablesOf(jpeg)
    return [quantisation, dc, ac].map((tables, index) => {
      const places = tables.map(table => writer.append(table))
      const own = Array.from({ length: components }, (_, component) => places[Math.min(component, 1)] ?? 0)
      return longsEntry(519 + index, ...own)
    })
  }
}

const wholes = { full: [full, 6, 1], quarter: [quarter, 6, 2], grey: [grey, 1, 1] } as const
for (const [kind, [jpeg, photometric, sampling]] of Object.entries(wholes))
  test(`a page of old-style JPEG is developed as one of JPEG: ${kind}`, async () => {
    const usual = stripOfJpeg(jpeg, size, { photometric, sampling })
    const headless = jpeg.subarray(0, segmentsOf(jpeg).at(-1)?.at)
    const continued = Buffer.concat([scanHeaderOf(jpeg), codesOf(jpeg)])
    const olds = {
      'the whole JPEG is the strip': oldTiff({ strips: [jpeg], photometric }),
      'the strip continues a head without a scan': oldTiff({
        strips: [continued],
        head: headless,
        photometric,
      }),
      'the strip has only codes, the head the rest': oldTiff({
        strips: [codesOf(jpeg)],
        head: jpeg.subarray(0, segmentsOf(jpeg).at(-1)?.end),
        photometric,
      }),
      'the strip has codes and an end marker': oldTiff({
        strips: [jpeg.subarray(-2 - codesOf(jpeg).length)],
        head: headless,
        photometric,
      }),
      'tags point at the tables': oldTiff(
        { strips: [codesOf(jpeg)], photometric, sampling },
        tableTags(jpeg, photometric === 1 ? 1 : 3),
      ),
      'a tile, with tags that point at the tables': oldTiff(
        { strips: [codesOf(jpeg)], photometric, sampling, tile: true },
        tableTags(jpeg, photometric === 1 ? 1 : 3),
      ),
    }
    for (const [form, tiff] of Object.entries(olds)) {
      assert.notEqual(withNewJpegs(tiff), tiff, form)
      await assertAlike(tiff, usual, operations)
      const [page = assert.fail()] = tiffPages((await run(tiff, 'swap-channels:bgr')).bytes)
      assert.equal(page.compression, compressions.jpeg)
    }
  })

test('the strip of old-style JPEG may be a part of the whole JPEG that a tag points at', async () => {
  const tiff = oldTiff({ strips: [Buffer.alloc(1)], head: quarter, sampling: 2 })
  const [page = assert.fail()] = tiffPages(tiff)
  const entry = (tag: number) => page.directory.entries.find(other => other.tag === tag) ?? assert.fail()
  const start = Buffer.from(entry(513).value).readUInt32LE()
  tiff.writeUInt32LE(start + (segmentsOf(quarter).at(-1)?.end ?? 0), entry(273).valueAt ?? 0)
  tiff.writeUInt32LE(codesOf(quarter).length, entry(279).valueAt ?? 0)
  await assertAlike(tiff, stripOfJpeg(quarter, size, { photometric: 6, sampling: 2 }), operations)
})

test('several strips of old-style JPEG are one JPEG, each strip a restart interval', async () => {
  const rows = 16
  const strips = []
  for (let top = 0; top < size.height; top += rows) {
    const pixels = await picture().raw().toBuffer()
    const raw = { width: size.width, height: size.height, channels: 3 } as const
    const strip = sharp(pixels, { raw }).extract({ left: 0, top, width: size.width, height: rows })
    strips.push(await encode(strip, '4:4:4'))
  }
  const tiff = oldTiff({ strips: strips.map(codesOf), rows, sampling: 1 }, tableTags(full, 3))
  await assertAlike(tiff, stripOfJpeg(full, size, { photometric: 6, sampling: 1 }), operations)
})

test('old-style JPEG that is declared as RGB has the usual colours of JPEG if it is subsampled', async () => {
  const tiff = oldTiff({ strips: [quarter], photometric: 2 })
  await assertAlike(tiff, stripOfJpeg(quarter, size, { photometric: 6, sampling: 2 }), operations)
})

test('old-style JPEG without its tables fails with the reason, and damage is found', async () => {
  const bare = oldTiff({ strips: [codesOf(full)] })
  await assert.rejects(run(bare, 'flip'), { code: 'unsupported-compression' })
  const cut = oldTiff({ strips: [codesOf(full).subarray(0, -200)], sampling: 1 }, tableTags(full, 3))
  for (const operation of ['swap-channels:bgr', 'flip'])
    await assert.rejects(run(cut, operation), { code: 'undecodable-image' })
})

test('pages of old-style JPEG that share their coded data do not make a file grow without limit', () => {
  const large = Buffer.concat([
    full.subarray(0, 2),
    ...new Array(20).fill(segment(0xfe, 60_000)),
    full.subarray(2),
  ])
  const offsets = new Array<number>(64).fill(8)
  const tiles = encodeTiff(writer => {
    const at = writer.append(large.subarray(0, -2 - codesOf(full).length))
    return [
      ...[longsEntry(256, 8 * size.width), longsEntry(257, 8 * size.height), shortsEntry(258, 8, 8, 8)],
      ...[shortsEntry(259, 6), shortsEntry(262, 6), shortsEntry(277, 3), longsEntry(513, at)],
      ...[longsEntry(322, size.width), longsEntry(323, size.height), longsEntry(324, ...offsets)],
      longsEntry(325, ...new Array<number>(64).fill(1_000_000)),
    ]
  })
  assert.equal(withNewJpegs(tiles), tiles)
})

test('any damage to old-style JPEG leaves a TIFF, or the file as it is', () => {
  const files = [
    oldTiff({ strips: [codesOf(full)], sampling: 1 }, tableTags(full, 3)),
    oldTiff({
      strips: [codesOf(full), codesOf(full)],
      rows: 32,
      head: full.subarray(0, -2 - codesOf(full).length),
    }),
  ]
  const byte = fc.record({ at: fc.nat(), value: fc.nat(255) })
  fc.assert(
    fc.property(fc.constantFrom(...files), fc.array(byte, { minLength: 1, maxLength: 8 }), (file, bytes) => {
      const damaged = Buffer.from(file)
      for (const { at, value } of bytes) damaged[at % damaged.length] = value
      assert.ok(withNewJpegs(damaged).length <= 4 * damaged.length + 2 * 1024 * 1024)
    }),
  )
})

function segment(marker: number, length: number): Buffer {
  return Buffer.concat([Buffer.of(0xff, marker, length >> 8, length & 255), Buffer.alloc(length - 2)])
}
