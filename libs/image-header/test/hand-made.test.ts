import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { bytesSource, exceededLimit, MalformedImage, readImageHeader } from '../src/index.ts'
import { countingSource, sparseSource } from './counting-source.ts'
import * as made from './hand-made.ts'
import { noise } from './sample-images.ts'

const limits = { maxPixels: 50_000_000, maxUnpackedBytes: 512 * 2 ** 20 }
const read = (bytes: Uint8Array) => readImageHeader(bytesSource(bytes))
const refuses = (bytes: Uint8Array, message: RegExp) =>
  assert.rejects(read(bytes), error => error instanceof MalformedImage && message.test(error.message))

test('a PNG that declares 60000 x 60000 exceeds the limit, and a sentence explains it', async () => {
  const header = await read(made.png(60_000, 60_000))
  assert.equal(exceededLimit(header, limits), 'the image unpacks to 3600000000 pixels; the limit is 50000000')
})

test('an image with too many bytes exceeds the limit, an image within both limits does not', async () => {
  const header = await read(made.png(6000, 6000))
  const sentence = 'the image unpacks to 108000000 bytes; the limit is 1000'
  assert.equal(exceededLimit(header, { ...limits, maxUnpackedBytes: 1000 }), sentence)
  assert.equal(exceededLimit(header, limits), undefined)
})

test("a PNG has the frames that its acTL declares, and chunks after IDAT don't count", async () => {
  const actl = made.pngChunk('acTL', made.joined(made.uint32be(1000), made.uint32be(0)))
  const header = await read(made.png(400, 400, actl))
  assert.deepEqual([header.frames, header.pixels], [1000, 160_000_000])
  assert.equal((await read(made.joined(made.png(4, 4), actl))).frames, 1)
})

test('a PNG is refused if its first chunk is not IHDR, or if it has no size, no data or an unknown colour type', async () => {
  const ihdr = made.png(1, 1).subarray(8, 33)
  await refuses(
    made.joined('\x89PNG\r\n\x1a\n', made.pngChunk('IDAT'), ihdr),
    /the PNG's first chunk is not IHDR/,
  )
  await refuses(
    made.joined('\x89PNG\r\n\x1a\n', made.pngChunk('CgBI', Buffer.of(0x50, 0, 0x20, 2)), ihdr),
    /the PNG is in Apple's format for iOS \(CgBI\), which is not supported/,
  )
  await refuses(made.png(0, 7), /the PNG has an invalid size of 0 x 7 pixels/)
  await refuses(made.joined('\x89PNG\r\n\x1a\n', ihdr, made.pngChunk('IEND')), /without image data/)
  await refuses(made.png(1, 1).with(25, 5), /colour type 5/)
  await refuses(made.png(1, 1).subarray(0, 40), /the file ends inside its header/)
})

test('a PNG with chunks but no image data is refused after ten thousand chunks', async () => {
  const chunks = Array.from({ length: 10_000 }, () => made.pngChunk('teXt'))
  await refuses(made.png(1, 1, ...chunks), /more than 10000 chunks/)
})

test('a GIF with a hundred thousand frames of 12 bytes counts them all', async () => {
  const frames = Buffer.alloc(1_200_000, made.gifFrame())
  const header = await read(made.gif(500, 400, frames))
  assert.deepEqual([header.frames, header.pixels], [100_000, 20_000_000_000])
})

test('a truncated GIF counts the frames that it contains, and is refused if it has none', async () => {
  const whole = made.gif(20, 20, made.gifFrame(), made.gifFrame(), made.gifFrame())
  assert.equal((await read(whole.subarray(0, whole.length - 8))).frames, 2)
  await refuses(made.gif(20, 20), /the GIF contains no frame/)
  await refuses(whole.subarray(0, 20), /the GIF contains no frame/)
})

test('the size of a GIF is that of its screen, which the first frame may enlarge', async () => {
  const header = await read(made.gif(640, 480, made.gifFrame(20, 10), made.gifFrame(700, 500)))
  assert.deepEqual([header.width, header.height, header.channels], [640, 480, 4])
  const large = await read(made.gif(20, 20, made.gifFrame(60_000, 60_000)))
  assert.deepEqual([large.pixels, large.channels], [3_600_000_000, 3])
  const screenless = await read(made.gif(0, 0, made.gifFrame(20, 10)))
  assert.deepEqual([screenless.width, screenless.height], [20, 10])
})

const page = { 256: 30_000, 257: 20_000, 258: 8, 262: 1, 277: 3 }

test('a TIFF whose pages form a loop counts each page once', async () => {
  const start = made.joined('II*\0', made.uint32le(8))
  const length = made.ifd(page, 0).length
  const loop = made.joined(start, made.ifd(page, 8 + length), made.ifd(page, 8))
  const header = await read(loop)
  assert.deepEqual([header.frames, header.pixels, header.unpackedBytes], [2, 1_200_000_000, 3_600_000_000])
})

test('a TIFF with more than ten thousand pages is refused', async () => {
  const length = made.ifd(page, 0).length
  const pages = Array.from({ length: 10_001 }, (_, index) => made.ifd(page, 8 + (index + 1) * length))
  await refuses(made.joined('II*\0', made.uint32le(8), ...pages), /more than 10000 pages/)
})

test('TIFF pages scattered over a large file are refused once they cost too many reads', async () => {
  const blocks = 16
  const file = new Uint8Array(blocks * 65_536)
  file.set(made.joined('II*\0', made.uint32le(8)))
  // Each page is in another block than the last four, so that every page must be read again.
  const at = (index: number) => 8 + (index % blocks) * 65_536 + Math.floor(index / blocks) * 100
  for (let index = 0; index < 9000; index++) file.set(made.ifd(page, at(index + 1)), at(index))
  const source = countingSource(file)
  await assert.rejects(readImageHeader(source), /scattered over too many places/)
  assert.equal(source.reads.length, 2 * blocks + 4096)
})

test('a TIFF with pages of several sizes counts each by its own size', async () => {
  const length = made.ifd(page, 0).length
  const small = { ...page, 256: 10, 257: 10 }
  const header = await read(
    made.joined('II*\0', made.uint32le(8), made.ifd(small, 8 + length), made.ifd(page, 0)),
  )
  assert.deepEqual([header.width, header.frames, header.pixels], [10, 2, 600_000_100])
})

test('a TIFF is refused if it has no readable directory, no size or absurd samples', async () => {
  const tiff = (tags: Record<number, number>) => made.joined('II*\0', made.uint32le(8), made.ifd(tags, 0))
  await refuses(made.joined('II*\0', made.uint32le(99_999)), /first directory is not readable/)
  await refuses(tiff({ 256: 10 }), /no width or no height/)
  await refuses(tiff({ ...page, 258: 64 }), /3 samples of 64 bits/)
  await refuses(tiff({ ...page, 277: 60_000 }), /60000 samples of 8 bits/)
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
    assert.equal((await read(palette)).channels, (await sharp(palette).metadata()).channels)
  }
})

function short(tag: number, value: number): Uint8Array {
  return made.joined(made.uint16le(tag), made.uint16le(3), made.uint32le(1), made.uint32le(value))
}

test("megabytes of segments before a JPEG's frame header are not read", async () => {
  const jpeg = new Uint8Array(await noise(30, 20, 3).jpeg().toBuffer())
  const segment = made.joined([0xff, 0xe5, 0xff, 0xff], new Uint8Array(65_533))
  const comment = Array.from({ length: 50 }, () => segment)
  const source = countingSource(made.joined(jpeg.subarray(0, 2), ...comment, jpeg.subarray(2)))
  const header = await readImageHeader(source)
  assert.deepEqual([header.width, header.height], [30, 20])
  assert.ok(source.reads.length <= 52, `${source.reads.length} reads`)
  assert.ok(source.reads.every(({ length }) => length <= 65_536))
})

test('a JPEG is refused if it ends before a scan, is of an unsupported kind, or has only segments', async () => {
  const jpeg = new Uint8Array(await noise(30, 20, 3).jpeg().toBuffer())
  const frameAt = Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xc0]))
  await refuses(jpeg.subarray(0, frameAt + 20), /the JPEG ends before its first scan|ends inside its header/)
  await refuses(
    jpeg.with(frameAt + 5, 0).with(frameAt + 6, 0),
    /the JPEG has its height after its pixels \(DNL\)/,
  )
  await refuses(jpeg.with(frameAt + 4, 12), /the JPEG has 12 bits a sample; only 8 are supported/)
  await refuses(jpeg.with(frameAt + 1, 0xf7), /the JPEG is coded as JPEG-LS, which is not supported/)
  const empty = Array.from({ length: 10_000 }, () => [0xff, 0xe5, 0, 2])
  await refuses(made.joined(jpeg.subarray(0, 2), ...empty, jpeg.subarray(2)), /more than 10000 segments/)
  await refuses(new Uint8Array(1_000_000).fill(0xff).with(1, 0xd8), /the JPEG ends before its first scan/)
})

test('WebP chunks of odd size are followed by their padding', async () => {
  const odd = made.riffChunk('XYZ ', new Uint8Array(7))
  const anim = made.riffChunk('ANIM', new Uint8Array(6))
  const frames = [made.anmf(made.vp8l(20, 10)), odd, made.anmf(made.vp8l(20, 10), odd)]
  const header = await read(made.riff(made.vp8x(2, 20, 10), odd, anim, ...frames))
  assert.deepEqual([header.frames, header.channels, header.lossless], [2, 3, true])
})

test('an animation with a WebP frame smaller than the canvas has alpha', async () => {
  const header = await read(made.riff(made.vp8x(2, 40, 10), made.anmf(made.vp8l(20, 10))))
  assert.deepEqual([header.channels, header.pixels], [4, 400])
})

test('a WebP frame cannot hide in another', async () => {
  const hidden = made.anmf(made.vp8l(20, 10), made.anmf(made.vp8l(20, 10)), made.anmf(made.vp8l(20, 10)))
  assert.equal((await read(made.riff(made.vp8x(2, 20, 10), hidden))).frames, 3)
})

test('a WebP is refused if its image has another size than declared, or extends beyond the canvas or the file', async () => {
  const image = made.vp8l(4000, 4000)
  await refuses(made.riff(made.vp8x(0, 4, 4), image), /does not have the size in its header/)
  await refuses(made.riff(made.vp8x(2, 4, 4), made.anmf(image)), /extends beyond the animation's canvas/)
  await refuses(made.riff(made.vp8x(0, 4, 4)), /contains no image/)
  await refuses(made.riff(image).subarray(0, 20), /shorter than the size in its RIFF header/)
})

const av1C = () => made.box('av1C', [0x81, 0x20, 0x42, 0])
const coded = (width: number, height: number, ...more: Uint8Array[]) => ({
  type: 'av01',
  properties: [made.ispe(width, height), av1C(), ...more],
})

test('an AVIF of absurd size exceeds the limit', async () => {
  const header = await read(made.avif([coded(2 ** 32 - 1, 2 ** 32 - 1)]))
  assert.match(exceededLimit(header, limits) ?? '', /^the image unpacks to \d+ pixels; the limit is 50000000/)
  await refuses(made.avif([coded(0, 16)]), /has an invalid size of 0 x 16 pixels/)
})

test('an AVIF that crops a huge image to a small one counts the size of the huge image', async () => {
  const fractions = [5, 1, 4, 1, 0, 1, 0, 1].map(made.uint32be)
  const header = await read(made.avif([coded(60_000, 60_000, made.box('clap', ...fractions))]))
  assert.deepEqual([header.width, header.height, header.pixels], [5, 4, 3_600_000_000])
})

test('an AVIF with a quarter turn has its displayed size, and orientation 1', async () => {
  const header = await read(made.avif([coded(30, 20, made.box('irot', [1]))]))
  assert.deepEqual([header.width, header.height, header.orientation], [20, 30, 1])
})

test('an AVIF grid has the size of the grid, and the depth and at least the bytes of its tiles', async () => {
  const grid = { type: 'grid', properties: [made.ispe(100, 50)] }
  const tile = { ...coded(64, 64), hidden: true }
  const references = [made.reference('dimg', 1, 2, 3)]
  const header = await read(made.avif([grid, tile, { ...coded(64, 64), hidden: true }], references))
  assert.deepEqual([header.width, header.height, header.frames, header.bitsPerSample], [100, 50, 1, 16])
  assert.deepEqual([header.pixels, header.unpackedBytes], [5000, 2 * 64 * 64 * 3 * 2])
})

test('an AVIF is refused if its image is a grid of itself, has another coding or is missing', async () => {
  const grid = { type: 'grid', properties: [made.ispe(100, 50)] }
  await refuses(made.avif([grid], [made.reference('dimg', 1, 1)]), /coded neither as AV1/)
  await refuses(made.avif([{ ...coded(30, 20), type: 'avc1' }]), /coded neither as AV1 \(AVIF\) nor as HEVC/)
  await refuses(made.avif([]), /primary image does not exist/)
})

const hvcC = (bits: number) => made.box('hvcC', new Uint8Array(17), [0xf8 | (bits - 8), 0xf8, 0, 0, 0, 0])
const hevc = (width: number, height: number, ...more: Uint8Array[]) => ({
  type: 'hvc1',
  properties: [made.ispe(width, height), hvcC(8), ...more],
})

test('the coding of the primary image decides between AVIF and HEIC', async () => {
  const heic = await read(made.avif([hevc(30, 20)]))
  assert.deepEqual([heic.format, heic.contentType, heic.bitsPerSample], ['heic', 'image/heic', 8])
  const avif = await read(made.avif([coded(30, 20), hevc(9, 9)]))
  assert.deepEqual([avif.format, avif.contentType], ['avif', 'image/avif'])
})

test("a HEIC has the size of its turned primary image, and other images don't count", async () => {
  const items = [hevc(30, 20, made.box('irot', [3])), hevc(60_000, 60_000)]
  const header = await read(made.avif(items))
  assert.deepEqual([header.width, header.height, header.frames, header.pixels], [20, 30, 1, 600])
  const deep = { type: 'hvc1', properties: [made.ispe(30, 20), hvcC(10)] }
  assert.equal((await read(made.avif([deep]))).unpackedBytes, 30 * 20 * 3 * 2)
})

test('a HEIC grid takes at least the memory of its tiles', async () => {
  const grid = { type: 'grid', properties: [made.ispe(100, 50)] }
  const tile = { ...hevc(512, 512), hidden: true }
  const header = await read(made.avif([grid, tile, tile], [made.reference('dimg', 1, 2, 3)]))
  assert.deepEqual([header.format, header.pixels, header.unpackedBytes], ['heic', 5000, 2 * 512 * 512 * 3])
})

test('AVIF images besides the primary are pages, but its thumbnail and alpha are not', async () => {
  const alpha = made.box('auxC', made.uint32be(0), 'urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0')
  const items = [coded(30, 20), coded(30, 20), coded(30, 20, alpha), coded(3, 2)]
  const references = [made.reference('auxl', 3, 1), made.reference('thmb', 4, 1)]
  const header = await read(made.avif(items, references))
  assert.deepEqual([header.frames, header.channels, header.pixels], [2, 4, 1200])
})

test('an AVIF sequence has the number of frames in its sample table', async () => {
  const header = await read(made.joined(made.ftyp('avis', 'avif'), sequence(300, 640, 480)))
  assert.deepEqual([header.width, header.height, header.frames, header.pixels], [640, 480, 300, 92_160_000])
  const both = await read(made.joined(made.avif([coded(640, 480)]), sequence(300, 640, 480)))
  assert.deepEqual([both.frames, both.pixels], [300, 92_160_000])
})

function sequence(samples: number, width: number, height: number): Uint8Array {
  const size = [made.uint16be(width), made.uint16be(height)]
  const entry = made.box('av01', new Uint8Array(24), ...size, new Uint8Array(50), av1C())
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
  await refuses(made.joined(brand, empty), /more than 20000 boxes/)
  await refuses(made.joined(brand, made.uint32be(4), 'meta'), /has a size smaller than its header/)
  await refuses(made.joined(brand, made.box('mdat')), /neither a still image nor a sequence/)
  const leaving = made.joined(made.uint32be(500), 'pitm')
  await refuses(
    made.joined(brand, made.box('meta', made.uint32be(0), leaving)),
    /extends beyond the box around it/,
  )
})

test('reading the header of a file of gigabytes takes few reads', async () => {
  for (const head of [
    made.png(100, 100),
    made.avif([coded(30, 20)]),
    made.joined('II*\0', made.uint32le(8), made.ifd(page, 0)),
  ]) {
    const source = sparseSource(head, 2 ** 40)
    await readImageHeader(source).catch(error => assert.ok(error instanceof MalformedImage))
    assert.ok(source.reads.length <= 2, `${source.reads.length} reads`)
  }
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
  assert.equal((await read(made.png(4, 4, exif))).orientation, 6)
})

test('the orientation of a PNG may come after its image data, before the end', async () => {
  const exif = (orientation: number) => {
    const entry = [made.uint16be(0x0112), made.uint16be(3), made.uint32be(1), made.uint16be(orientation)]
    const directory = made.joined(made.uint16be(1), ...entry, made.uint16be(0), made.uint32be(0))
    return made.pngChunk('eXIf', made.joined('MM\0*', made.uint32be(8), directory))
  }
  const data = made.pngChunk('IDAT', new Uint8Array(200_000))
  const end = made.pngChunk('IEND')
  const withChunks = (...chunks: Uint8Array[]) => read(made.joined(made.png(4, 4).subarray(0, 33), ...chunks))
  const text = made.pngChunk('tEXt', new Uint8Array(9))
  assert.equal((await withChunks(data, exif(6), text, end)).orientation, 6)
  assert.equal((await withChunks(exif(8), data, exif(6), end)).orientation, 8)
  assert.equal((await withChunks(data, exif(6), end, new Uint8Array(9))).orientation, 6)
  assert.equal((await withChunks(data, end, exif(6))).orientation, 1, 'after the end')
  assert.equal((await withChunks(made.pngChunk('IDAT', exif(6)), end)).orientation, 1, 'cut off by the data')
  assert.equal((await withChunks(made.pngChunk('IDAT'), made.joined('eXIf'))).orientation, 1, 'only the name')
})
