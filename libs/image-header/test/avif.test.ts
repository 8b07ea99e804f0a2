import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as made from './hand-made.ts'
import { assertMalformed, readBytes } from './read-bytes.ts'

test('an AVIF that crops a huge image to a small one counts the size of the huge image', async () => {
  const fractions = [5, 1, 4, 1, 0, 1, 0, 1].map(made.uint32be)
  const header = await readBytes(made.avif([made.av1Item(60_000, 60_000, made.box('clap', ...fractions))]))
  assert.deepEqual([header.width, header.height, header.pixels], [5, 4, 3_600_000_000])
})

test('an AVIF with a quarter turn has its displayed size, and orientation 1', async () => {
  const header = await readBytes(made.avif([made.av1Item(30, 20, made.box('irot', [1]))]))
  assert.deepEqual([header.width, header.height, header.orientation], [20, 30, 1])
})

test('an AVIF grid has the size of the grid, and the depth and at least the bytes of its tiles', async () => {
  const grid = { type: 'grid', properties: [made.ispe(100, 50)] }
  const tile = { ...made.av1Item(64, 64), hidden: true }
  const references = [made.reference('dimg', 1, 2, 3)]
  const header = await readBytes(
    made.avif([grid, tile, { ...made.av1Item(64, 64), hidden: true }], references),
  )
  assert.deepEqual([header.width, header.height, header.frames, header.bitsPerSample], [100, 50, 1, 16])
  assert.deepEqual([header.pixels, header.unpackedBytes], [5000, 2 * 64 * 64 * 3 * 2])
})

test('an AVIF is refused if its image is a grid of itself, has another coding or is missing', async () => {
  const grid = { type: 'grid', properties: [made.ispe(100, 50)] }
  await assertMalformed(made.avif([grid], [made.reference('dimg', 1, 1)]), /coded neither as AV1/)
  await assertMalformed(
    made.avif([{ ...made.av1Item(30, 20), type: 'avc1' }]),
    /coded neither as AV1 \(AVIF\) nor as HEVC/,
  )
  await assertMalformed(made.avif([]), /primary image does not exist/)
})

test('AVIF images besides the primary are pages, but its thumbnail and alpha are not', async () => {
  const alpha = made.box('auxC', made.uint32be(0), 'urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0')
  const items = [made.av1Item(30, 20), made.av1Item(30, 20), made.av1Item(30, 20, alpha), made.av1Item(3, 2)]
  const references = [made.reference('auxl', 3, 1), made.reference('thmb', 4, 1)]
  const header = await readBytes(made.avif(items, references))
  assert.deepEqual([header.frames, header.channels, header.pixels], [2, 4, 1200])
})

test('an AVIF sequence has the number of frames in its sample table', async () => {
  const header = await readBytes(made.joined(made.ftyp('avis', 'avif'), sequence(300, 640, 480)))
  assert.deepEqual([header.width, header.height, header.frames, header.pixels], [640, 480, 300, 92_160_000])
  const both = await readBytes(made.joined(made.avif([made.av1Item(640, 480)]), sequence(300, 640, 480)))
  assert.deepEqual([both.frames, both.pixels], [300, 92_160_000])
})

function sequence(samples: number, width: number, height: number): Uint8Array {
  const size = [made.uint16be(width), made.uint16be(height)]
  const entry = made.box('av01', new Uint8Array(24), ...size, new Uint8Array(50), made.av1C())
  const stsd = made.box('stsd', made.uint32be(0), made.uint32be(1), entry)
  const stsz = made.box('stsz', made.uint32be(0), made.uint32be(9), made.uint32be(samples))
  const hdlr = made.box('hdlr', made.uint32be(0), made.uint32be(0), 'pict', new Uint8Array(12))
  return made.box(
    'moov',
    made.box('trak', made.box('mdia', hdlr, made.box('minf', made.box('stbl', stsd, stsz)))),
  )
}

test('an AVIF of nested, endless or empty boxes is refused', async () => {
  const brand = made.ftyp('avif')
  const empty = made.joined(...Array.from({ length: 20_001 }, () => made.box('free')))
  await assertMalformed(made.joined(brand, empty), /more than 20000 boxes/)
  await assertMalformed(made.joined(brand, made.uint32be(4), 'meta'), /has a size smaller than its header/)
  await assertMalformed(made.joined(brand, made.box('mdat')), /neither a still image nor a sequence/)
  const leaving = made.joined(made.uint32be(500), 'pitm')
  await assertMalformed(
    made.joined(brand, made.box('meta', made.uint32be(0), leaving)),
    /extends beyond the box around it/,
  )
})
