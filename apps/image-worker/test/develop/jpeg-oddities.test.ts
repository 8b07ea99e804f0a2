import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { sniffFormat } from '@darkroom/image-header'
import sharp from 'sharp'
import { type JpegOddityName, jpegOddityTable } from '../../scripts/jpeg-oddity-table.ts'
import { UnusableImage } from '../../src/develop/unusable-image.ts'
import { cleanJpegs } from './mend/clean-jpegs.ts'
import {
  flipped,
  markersOf,
  oddities,
  restartsOf,
  spliced,
  withAdobe,
  withJfif,
  withLateHeight,
  withZeroRanges,
} from './mend/oddities.ts'
import { bytesOf, run } from './run.ts'

const clean = await cleanJpegs()
const cleanJpeg = (name: string) => clean.get(name) ?? assert.fail(name)
const [baseline, restarts, progressive] = ['baseline', 'restarts', 'progressive'].map(cleanJpeg) as [
  Buffer,
  Buffer,
  Buffer,
]
const [, secondRestart = assert.fail()] = restartsOf(restarts)

const lossless = await readFile(new URL('mend/lossless.jpeg', import.meta.url))

/** As Samsung's phones append it: the bytes look like markers of segments without a valid length. */
const trailer = Buffer.concat([
  Buffer.from('\0\0\x30\x0a\xff\x60\xff\xee\xff\xffftypmp42', 'latin1'),
  Buffer.from('SEFHSEFT'),
])

/** The file with such data in place of its end marker. */
function withTrailer(jpeg: Buffer): Buffer {
  return Buffer.concat([jpeg.subarray(0, -2), trailer])
}

/** For each row of the table, files with that oddity. */
const samples: Record<JpegOddityName, readonly Buffer[]> = {
  zeroRange: [withZeroRanges(baseline), withZeroRanges(restarts)],
  straysBetween: [
    written('stray bytes between all segments', baseline),
    written('stray bytes after the start', baseline),
  ],
  markerless: [written('a segment without its marker, as Pixel phones write', baseline)],
  shortLength: [
    written('segments whose length is too small', baseline),
    written('segments whose length is too small', progressive),
  ],
  straysAtRestarts: [
    written('stray bytes before all restart markers', restarts),
    written('zeros after the last scan', progressive),
  ],
  jfifVersion: [withJfif(baseline, 2, 1), withJfif(progressive, 0, 2)],
  transform3: [withAdobe(baseline, 3)],
  transform2: [withAdobe(baseline, 2), withAdobe(progressive, 2)],
  heightAfterScan: [baseline, restarts, progressive].map(withLateHeight),
  noHuffmanTables: [without(baseline, 0xc4)],
  noEndMarker: [baseline, progressive, restarts, cleanJpeg('cmyk')].map(file => file.subarray(0, -2)),
  trailerWithoutEnd: [baseline, restarts].map(withTrailer),
  afterTheEnd: [Buffer.concat([baseline, Buffer.from('more')])],
  arithmetic: [cleanJpeg('arithmetic')],
  lossless: [lossless],
  noEnd: [baseline.subarray(0, -4), progressive.subarray(0, -4), restarts.subarray(0, restarts.length / 2)],
  uncheckedEnd: [cleanJpeg('arithmetic'), lossless, without(baseline, 0xc4)].map(file =>
    file.subarray(0, -2),
  ),
  damagedCodes: [spliced(baseline, 0xda, 20, 40, Buffer.of()), spliced(restarts, 0xda, 20, 40, Buffer.of())],
  lostRestart: [
    Buffer.concat([restarts.subarray(0, secondRestart.at), restarts.subarray(secondRestart.at + 2)]),
    withByte(restarts, secondRestart.at + 1, secondRestart.marker ^ 3),
  ],
  damagedMarker: [flipped(baseline, 0xc4, 0, 0x80), flipped(progressive, 0xda, 0, 0x40)],
  noQuantisation: [without(baseline, 0xdb), spliced(baseline, 0xdb, 5, 0, Buffer.alloc(80))],
  otherRange: [flipped(baseline, 0xda, 12, 1)],
  otherTransform: [withAdobe(cleanJpeg('with EXIF'), 2), withAdobe(baseline, 0x40)],
  beforeTheStart: [Buffer.concat([Buffer.of(0), baseline])],
  twelveBits: [withByte(baseline, frameOf(baseline) + 4, 12), withByte(baseline, frameOf(baseline) + 4, 16)],
  otherComponents: [withSecondComponent(cleanJpeg('grey-restarts'))],
}

const operations = ['swap-channels:bgr', 'flip', 'sharpen:0.3', 'format:png']

for (const [name, files] of Object.entries(samples) as [JpegOddityName, Buffer[]][]) {
  const { words, isDeveloped } = jpegOddityTable[name]
  test(`${words}: ${isDeveloped ? 'developed' : 'refused'}, as docs/compatibility.md describes`, async () => {
    for (const file of files) {
      if (!isDeveloped) {
        for (const operation of operations)
          await assert.rejects(run(file, operation), UnusableImage, operation)
        continue
      }
      for (const operation of operations) await run(file, operation)
      if (name === 'heightAfterScan') continue // sharp doesn't read it
      const samplesIn = (jpeg: Uint8Array) => sharp(jpeg, { failOn: 'none' }).raw().toBuffer()
      assert.deepEqual(await samplesIn(await bytesOf(file, 'format:png')), await samplesIn(file))
    }
  })
}

test('a JPEG without its end marker stays the same as with it, also if other data follow it', async () => {
  for (const operation of operations)
    assert.deepEqual(await bytesOf(withTrailer(baseline), operation), await bytesOf(baseline, operation))
  const cut = Buffer.concat([baseline.subarray(0, -40), trailer])
  for (const operation of operations)
    await assert.rejects(run(cut, operation), /the JPEG is cut off or damaged/, operation)
})

test('a JPEG whose height follows its first scan stays the same as with the height before', async () => {
  for (const jpeg of [baseline, restarts, progressive])
    for (const operation of operations)
      assert.deepEqual(
        await bytesOf(withLateHeight(jpeg), operation),
        await bytesOf(jpeg, operation),
        operation,
      )
})

test('a file with bytes before the start of a JPEG is not recognised as a JPEG', () => {
  for (const file of samples.beforeTheStart) assert.equal(sniffFormat(file), undefined)
})

function written(oddity: string, jpeg: Buffer): Buffer {
  return (oddities[oddity] ?? assert.fail(oddity))(jpeg)
}

/** The file without all segments of a kind. */
function without(jpeg: Buffer, unwanted: number): Buffer {
  return markersOf(jpeg)
    .filter(({ marker }) => marker === unwanted)
    .reduceRight((rest, { at }) => {
      const end = at + 2 + rest.readUInt16BE(at + 2)
      return Buffer.concat([rest.subarray(0, at), rest.subarray(end)])
    }, jpeg)
}

function frameOf(jpeg: Buffer): number {
  return markersOf(jpeg).find(({ marker }) => marker === 0xc0)?.at ?? assert.fail()
}

function withByte(jpeg: Buffer, at: number, byte: number): Buffer {
  const changed = Buffer.from(jpeg)
  changed[at] = byte
  return changed
}

/** A grey JPEG with another component of the same samples, in a scan of its own. */
function withSecondComponent(grey: Buffer): Buffer {
  const places = markersOf(grey)
  const startOf = (wanted: number) => places.find(({ marker }) => marker === wanted)?.at ?? assert.fail()
  const [frameAt, scanAt, endAt] = [startOf(0xc0), startOf(0xda), startOf(0xd9)]
  const frame = Buffer.concat([
    grey.subarray(frameAt, frameAt + 13),
    Buffer.of(2),
    grey.subarray(frameAt + 11, frameAt + 13),
  ])
  frame.writeUInt16BE(14, 2)
  frame[9] = 2
  const scan = grey.subarray(scanAt, endAt)
  return Buffer.concat([
    grey.subarray(0, frameAt),
    frame,
    grey.subarray(frameAt + 13, endAt),
    withByte(scan, 5, 2),
    grey.subarray(endAt),
  ])
}
