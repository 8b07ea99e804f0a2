import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as made from './hand-made.ts'
import { assertMalformed, readBytes } from './read-bytes.ts'

test("a PNG has the frames that its acTL declares, and chunks after IDAT don't count", async () => {
  const actl = made.pngChunk('acTL', made.joined(made.uint32be(1000), made.uint32be(0)))
  const header = await readBytes(made.png(400, 400, actl))
  assert.deepEqual([header.frames, header.pixels], [1000, 160_000_000])
  assert.equal((await readBytes(made.joined(made.png(4, 4), actl))).frames, 1)
})

test('a PNG is refused if its first chunk is not IHDR, or if it has no size, no data or an unknown colour type', async () => {
  const ihdr = made.png(1, 1).subarray(8, 33)
  await assertMalformed(
    made.joined('\x89PNG\r\n\x1a\n', made.pngChunk('IDAT'), ihdr),
    /the PNG's first chunk is not IHDR/,
  )
  await assertMalformed(
    made.joined('\x89PNG\r\n\x1a\n', made.pngChunk('CgBI', Buffer.of(0x50, 0, 0x20, 2)), ihdr),
    /the PNG is in Apple's format for iOS \(CgBI\), which is not supported/,
  )
  await assertMalformed(made.png(0, 7), /the PNG has an invalid size of 0 x 7 pixels/)
  await assertMalformed(made.joined('\x89PNG\r\n\x1a\n', ihdr, made.pngChunk('IEND')), /without image data/)
  await assertMalformed(made.png(1, 1).with(25, 5), /colour type 5/)
  await assertMalformed(made.png(1, 1).subarray(0, 40), /the file ends inside its header/)
})

test('a PNG with chunks but no image data is refused after ten thousand chunks', async () => {
  const chunks = Array.from({ length: 10_000 }, () => made.pngChunk('teXt'))
  await assertMalformed(made.png(1, 1, ...chunks), /more than 10000 chunks/)
})

test('the orientation is read from EXIF whose directory is cut off after it', async () => {
  const [tag, type, count, value] = [
    made.uint16be(0x0112),
    made.uint16be(3),
    made.uint32be(1),
    made.uint16be(6),
  ]
  const directory = made.joined(made.uint16be(5), tag, type, count, value, made.uint16be(0))
  const exif = made.pngChunk('eXIf', made.joined('MM\0*', made.uint32be(8), directory))
  assert.equal((await readBytes(made.png(4, 4, exif))).orientation, 6)
})

test('the orientation of a PNG may come after its image data, before the end', async () => {
  const exif = (orientation: number) => {
    const entry = [made.uint16be(0x0112), made.uint16be(3), made.uint32be(1), made.uint16be(orientation)]
    const directory = made.joined(made.uint16be(1), ...entry, made.uint16be(0), made.uint32be(0))
    return made.pngChunk('eXIf', made.joined('MM\0*', made.uint32be(8), directory))
  }
  const data = made.pngChunk('IDAT', new Uint8Array(200_000))
  const end = made.pngChunk('IEND')
  const withChunks = (...chunks: Uint8Array[]) =>
    readBytes(made.joined(made.png(4, 4).subarray(0, 33), ...chunks))
  const text = made.pngChunk('tEXt', new Uint8Array(9))
  assert.equal((await withChunks(data, exif(6), text, end)).orientation, 6)
  assert.equal((await withChunks(exif(8), data, exif(6), end)).orientation, 8)
  assert.equal((await withChunks(data, exif(6), end, new Uint8Array(9))).orientation, 6)
  assert.equal((await withChunks(data, end, exif(6))).orientation, 1, 'after the end')
  assert.equal((await withChunks(made.pngChunk('IDAT', exif(6)), end)).orientation, 1, 'cut off by the data')
  assert.equal((await withChunks(made.pngChunk('IDAT'), made.joined('eXIf'))).orientation, 1, 'only the name')
})
