import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { joinPages } from '../../src/develop/tiff/join-pages.ts'
import { application, assembleGif, comment } from '../permute/gif/gif-assembler.ts'
import { assemblePng, chunk, headerChunk, signature } from '../permute/png/png-assembler.ts'
import { animatedPng } from './animated-png.ts'
import { avifOf, ftyp, jpegOf, jpegOfScans, screenOf, sized, tiffOf, webpOf } from './announcing-files.ts'
import { exifOf, jpegWith, picturesWithMetadata } from './carried.ts'
import { assembleHeif, flatItem, gridOf, ispe, sample, tileItem } from './heic/heif-assembler.ts'
import { hostileOddities } from './mend/hostile-oddities.ts'
import { boundariesOf } from './structures.ts'

export interface HostileInput {
  name: string
  bytes: Buffer
  /** What is to become of it, where that is certain. */
  expected?: 'refused' | 'developed'
}

/** What must never come out of a worker again. */
export const smuggled = '<script>alert("PK\x03\x04 smuggled")</script>'

/** Numbers from 0 up to `limit`, the same for the same seed. */
export type Random = (limit: number) => number

export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return limit => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** Every kind there is, in an order that doesn't depend on what becomes of them. */
export async function hostileInputs(random: Random): Promise<HostileInput[]> {
  const valid = await validFiles(random)
  return [
    ...refusedKinds(),
    ...bombs(),
    ...lies(random),
    ...polyglots(valid),
    ...[...valid].flatMap(([name, file]) => truncations(name, file, random)),
    ...[...valid].flatMap(([name, file]) => flips(name, file, random)),
    ...[...valid].flatMap(([name, file]) => spliced(name, file, random)),
    ...randomBehindMagics(valid, random),
    ...(await hostileOddities(random)),
  ]
}

/** Small, so that thousands of their likes are tried in seconds. */
export async function validFiles(random: Random): Promise<Map<string, Buffer>> {
  const [width, height] = [24, 16]
  const noise = (channels: number, frames = 1) =>
    Uint8Array.from({ length: width * height * channels * frames }, (_, at) => (at >> 3) * 5 + random(24))
  const image = (channels: 1 | 3 | 4) => sharp(noise(channels), { raw: { width, height, channels } })
  const animation = sharp(noise(4, 3), {
    raw: { width, height: 3 * height, channels: 4, pageHeight: height },
  })
  const deep = sharp(new Uint16Array(noise(6).buffer), { raw: { width, height, channels: 3 } })
  const files = {
    jpeg: image(3)
      .withExif({ IFD0: { Artist: 'Ada' } })
      .jpeg({ quality: 70 }),
    'progressive jpeg': image(3).jpeg({ progressive: true }),
    'cmyk jpeg': image(3).toColourspace('cmyk').jpeg(),
    png: image(3).withIccProfile('p3').png(),
    'palette png': image(4).png({ palette: true }),
    'interlaced png': image(4).png({ progressive: true }),
    '16-bit png': deep.clone().toColourspace('rgb16').png(),
    webp: image(3).webp({ quality: 60 }),
    'transparent webp': image(4)
      .withExif({ IFD0: { Artist: 'Ada' } })
      .webp({ quality: 60 }),
    'lossless webp': image(4).webp({ lossless: true }),
    'animated webp': animation.clone().webp({ lossless: true, delay: [50, 60, 70] }),
    gif: image(3).gif(),
    'animated gif': animation.clone().gif({ delay: [50, 60, 70] }),
    tiff: image(3).tiff({ compression: 'lzw' }),
    'tiled tiff': image(4).tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 }),
    'tiff of pages': animation.clone().tiff({ compression: 'none' }),
    'tiff with jpeg': image(3).tiff({ compression: 'jpeg' }),
    'tiff with jpeg of red, green and blue': image(3).tiff({ compression: 'jpeg', quality: 95 }),
    'tiff of jpeg tiles': image(3).tiff({ compression: 'jpeg', tile: true, tileWidth: 16, tileHeight: 16 }),
    'tiff in bigtiff': image(3).tiff({ compression: 'lzw', bigtiff: true }),
    '16-bit tiff': deep.clone().toColourspace('rgb16').tiff({ compression: 'deflate' }),
    avif: image(3).avif({ effort: 0 }),
    'transparent avif': image(4).avif({ effort: 0 }),
  }
  const written = new Map<string, Buffer>()
  for (const [name, file] of Object.entries(files)) written.set(name, await file.toBuffer())
  written.set('animated png', animatedPng())
  const described = await picturesWithMetadata()
  for (const name of ['jpeg', 'png', 'gif', 'tiff']) {
    const file = described[name]
    if (file) written.set(`${name} with metadata`, file)
  }
  const page = (name: string) => written.get(name) ?? Buffer.alloc(0)
  const pages = [page('tiff'), page('16-bit tiff'), page('tiff with jpeg'), page('tiled tiff')]
  written.set('tiff of pages that differ', Buffer.from(joinPages(pages)))
  for (const [name, photometric] of Object.entries({ lab: 8, 'icc lab': 9, ycbcr: 6 }))
    written.set(`tiff in ${name}`, tiffCalled(page('tiff'), photometric))
  written.set('heic', sample('tile.heic'))
  written.set('deep, transparent heic', sample('deep-alpha.heic'))
  written.set('heic of tiles', gridOf({ columns: 2, rows: 1, width: 100, height: 60 }))
  return written
}

/** The same samples, said to be other colours (PhotometricInterpretation, one SHORT). */
function tiffCalled(tiff: Buffer, photometric: number): Buffer {
  const bytes = Buffer.from(tiff)
  bytes[bytes.indexOf(Buffer.of(6, 1, 3, 0, 1, 0, 0, 0)) + 8] = photometric
  return bytes
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')

/** What other programs take for images. */
function refusedKinds(): HostileInput[] {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
  const kinds = {
    nothing: '',
    'one byte': '\xff',
    svg,
    'svg with a declaration': `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>${svg}`,
    pdf: '%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj',
    postscript: '%!PS-Adobe-3.0 EPSF-3.0\n',
    heic: '\0\0\0\x18ftypheic\0\0\0\0mif1heic',
    'heic that names avif, too': '\0\0\0\x1cftypheic\0\0\0\0mif1heicavif',
    jxl: '\xff\x0a\x00\x10',
    'jxl in boxes': '\0\0\0\x0cJXL \r\n\x87\n',
    'jpeg 2000': '\0\0\0\x0cjP  \r\n\x87\n',
    ppm: 'P6\n2 2\n255\nabcdefghijkl',
    pfm: 'PF\n1 1\n-1.0\n0000',
    bmp: `BM${'\0'.repeat(60)}`,
    ico: '\0\0\x01\0\x01\0\x10\x10\0\0',
    psd: `8BPS\0\x01${'\0'.repeat(30)}`,
    exr: 'v/1\x01\x02\0\0\0',
    hdr: '#?RADIANCE\n',
    vips: '\xb6\xa6\xf2\x08\0\0\0\0',
    fits: 'SIMPLE  =                    T',
    mvg: 'push graphic-context\nviewbox 0 0 1 1\nimage over 0,0 0,0 "https://x"',
    html: '<!doctype html><script>1</script>',
    zip: 'PK\x03\x04\x14\0',
    elf: '\x7fELF\x02\x01\x01',
    mp4: '\0\0\0\x18ftypmp42\0\0\0\0isommp42',
  }
  return Object.entries(kinds).map(([name, text]) => ({
    name: `kind: ${name}`,
    bytes: latin1(text),
    expected: 'refused',
  }))
}

/** Few bytes that announce, or unpack to, a lot. */
function bombs(): HostileInput[] {
  const zeros = (mebibytes: number) => deflateSync(Buffer.alloc(mebibytes * 1024 * 1024), { level: 9 })
  const ten = { width: 10, height: 10, colorType: 2, bitDepth: 8, samples: new Uint8Array(300) }
  const small = assemblePng(ten)
  const rest = small.subarray(33)
  const headerOf = (width: number, height: number, colorType: number, bitDepth = 8) =>
    headerChunk({ width, height, colorType, bitDepth })
  const pixels = zeros(64)
  const text = (type: string, head: string) => chunk(type, Buffer.concat([latin1(head), pixels]))
  const many = (frames: number, side: number) =>
    assembleGif({
      width: side,
      height: side,
      palette: new Uint8Array(6),
      frames: Array.from({ length: frames }, () => ({ width: 1, height: 1, indexes: [0], codeBits: 2 })),
    })
  const refused: Record<string, Buffer> = {
    'png of 268 megapixels': Buffer.concat([
      signature,
      headerOf(16_383, 16_383, 2),
      chunk('IDAT', pixels),
      chunk('IEND'),
    ]),
    'png of four billion columns': Buffer.concat([signature, headerOf(2 ** 32 - 1, 1, 0), rest]),
    'png of no columns': Buffer.concat([signature, headerOf(0, 10, 2), rest]),
    'jpeg of four gigapixels': jpegOf(65_500, 65_500),
    'jpeg of no lines': jpegOf(0, 100),
    'gif of 60 000 frames': many(60_000, 40),
    'webp of 268 megapixels': webpOf(16_383, 16_383, 1),
    'webp of 20 000 frames': webpOf(100, 100, 20_000),
    'webp of 2^48 pixels': webpOf(2 ** 24 - 1, 2 ** 24 - 1, 1),
    'tiff of 2^62 pixels': tiffOf({ 256: 2 ** 31 - 1, 257: 2 ** 31 - 1 }),
    'tiff of 65535 samples': tiffOf({ 256: 1000, 257: 1000, 277: 65_535 }),
    'tiff of no size': tiffOf({ 256: 0, 257: 0 }),
    'tiff of tiles larger than anything': tiffOf({
      256: 10,
      257: 10,
      322: 2 ** 30,
      323: 2 ** 30,
      324: 8,
      325: 2 ** 31,
    }),
    'tiff with a strip behind the end': tiffOf({ 256: 100, 257: 100, 273: 2 ** 31, 279: 2 ** 31 }),
    'avif of 2^64 pixels': avifOf(2 ** 32 - 1, 2 ** 32 - 1),
    'avif of 272 000 pixels in few bytes': avifOf(16, 17_000),
    'avif of no size': avifOf(0, 0),
    'heic of 2^64 pixels': heicOf(2 ** 32 - 1, 2 ** 32 - 1),
    'heic of no size': heicOf(0, 0),
    'heic of fewer pixels than its data': heicOf(16, 16),
    'heic of more pixels than its data': heicOf(4000, 4000),
    'heic of tiles larger than their grid': gridOf(
      { columns: 16, rows: 16, width: 16, height: 16 },
      flatItem(),
    ),
    'heic that is made of itself': assembleHeif([{ ...tileItem(), type: 'grid', references: { dimg: [1] } }]),
    'heic sequence without a still': Buffer.concat([latin1('\0\0\0\x14ftyphevc\0\0\0\0msf1'), movie]),
  }
  const uncertain: Record<string, Buffer> = {
    'png whose data unpacks to 64 MiB too many': Buffer.concat([
      signature,
      headerOf(10, 10, 2),
      chunk('IDAT', pixels),
      chunk('IEND'),
    ]),
    'gif of four gigapixels': screenOf(65_535, 65_535),
    'gif of no size': screenOf(0, 0),
    'png with a profile of 64 MiB': Buffer.concat([small.subarray(0, 33), text('iCCP', 'x\0\0'), rest]),
    'png with a text of 64 MiB': Buffer.concat([small.subarray(0, 33), text('zTXt', 'x\0\0'), rest]),
    'png with an international text of 64 MiB': Buffer.concat([
      small.subarray(0, 33),
      text('iTXt', 'x\0\x01\0\0\0'),
      rest,
    ]),
    'png with a text of 64 MiB behind its data': Buffer.concat([
      small.subarray(0, -12),
      text('zTXt', 'x\0\0'),
      chunk('IEND'),
    ]),
    'png with 20 000 chunks': Buffer.concat([
      small.subarray(0, 33),
      ...new Array(20_000).fill(chunk('teSt')),
      rest,
    ]),
    'gif of 900 frames in few bytes': many(900, 100),
    'gif of 900 frames, cut short': many(900, 100).subarray(0, -40),
    'webp of 300 frames': webpOf(100, 100, 300),
    'jpeg of 2000 empty scans': jpegOfScans(2000),
    'tiff of 65 535 entries': tiffOf({ 256: 10, 257: 10 }, 65_535),
  }
  return [
    ...Object.entries(refused).map(([name, bytes]) => ({ name, bytes, expected: 'refused' as const })),
    ...Object.entries(uncertain).map(([name, bytes]) => ({ name, bytes })),
  ]
}

/** The data of 64 x 64 pixels, announced as so many. */
function heicOf(width: number, height: number): Buffer {
  const { properties = [], ...item } = tileItem()
  return assembleHeif([{ ...item, properties: [...properties.slice(0, 1), ispe(width, height)] }])
}

/** An empty `moov` box. */
const movie = latin1('\0\0\0\x08moov')

/** Structures that lead nowhere, into themselves, or deep down. */
function lies(random: Random): HostileInput[] {
  const loop = tiffOf({ 256: 4, 257: 4 })
  loop.writeUInt32LE(8, loop.length - 4)
  const nested = Array.from({ length: 2000 }).reduce<Buffer>(
    inner => Buffer.concat([sized(inner.length + 8), latin1('meta'), inner]),
    Buffer.alloc(0),
  )
  const exifLoop = exifOf(6)
  exifLoop.writeUInt32LE(8, exifLoop.length - 60)
  const jpegs = [latin1('Exif\0\0'), exifLoop, Buffer.alloc(60_000, 0xff)].map((data, index) => ({
    name: `jpeg with broken exif ${index}`,
    bytes: jpegWith(jpegOf(8, 8), [{ marker: 0xe1, data }]),
  }))
  const absurd = Array.from({ length: 150 }, (_, index) => {
    const tags = [
      254, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 330, 338, 339,
    ]
    const entries = Object.fromEntries(tags.map(tag => [tag, random(2) ? random(20) : random(2 ** 32)]))
    return {
      name: `tiff of absurd tags ${index}`,
      bytes: tiffOf({ ...entries, 256: 1 + random(30), 257: 1 + random(30) }),
    }
  })
  const avifs = Array.from({ length: 60 }, (_, index) => ({
    name: `avif of absurd boxes ${index}`,
    bytes: avifOf(random(2 ** (1 + random(31))), random(2 ** (1 + random(31))), random),
  }))
  return [
    { name: 'tiff whose pages go round', bytes: loop },
    { name: 'avif of 2000 boxes in each other', bytes: Buffer.concat([ftyp, nested]) },
    ...jpegs,
    ...absurd,
    ...avifs,
  ]
}

/** Valid images that are something else besides. */
function polyglots(valid: Map<string, Buffer>): HostileInput[] {
  const inside: HostileInput[] = []
  const add = (name: string, bytes: Buffer) => inside.push({ name, bytes, expected: 'developed' })
  for (const [name, file] of valid) {
    // libwebp and libheif look at what their length says; a TIFF may have anything anywhere.
    // Frames of an animation must be alike, though.
    if (name === 'tiff of pages that differ') continue
    add(`${name} with a script behind`, Buffer.concat([file, latin1(smuggled)]))
  }
  const get = (name: string) => valid.get(name) ?? Buffer.alloc(0)
  const script = latin1(smuggled)
  add('jpeg with a script as its comment', jpegWith(get('jpeg'), [{ marker: 0xfe, data: script }]))
  add('jpeg with a script as its application data', jpegWith(get('jpeg'), [{ marker: 0xe9, data: script }]))
  for (const name of ['png', 'palette png', '16-bit png']) {
    const png = get(name)
    const more = (data: Buffer) => Buffer.concat([png.subarray(0, 33), data, png.subarray(33)])
    add(`${name} with a script as text`, more(chunk('tEXt', Buffer.concat([latin1('x\0'), script]))))
    add(`${name} with a script as an unknown chunk`, more(chunk('scRi', script)))
    add(
      `${name} with a script behind its data`,
      Buffer.concat([
        png.subarray(0, -12),
        chunk('tEXt', Buffer.concat([latin1('x\0'), script])),
        chunk('IEND'),
      ]),
    )
  }
  const gif = get('animated gif')
  const ended = (extension: Buffer) => Buffer.concat([gif.subarray(0, -1), extension, Buffer.of(0x3b)])
  add('gif with a script as its comment', ended(comment(smuggled)))
  add('gif with a script as an application', ended(application('EVILEVIL1.0', script)))
  return inside
}

/** Cut off at each boundary of the structure, just before and behind it, and somewhere. */
function truncations(name: string, file: Buffer, random: Random): HostileInput[] {
  const boundaries = boundariesOf(file).flatMap(at => [at - 1, at, at + 1])
  const anywhere = Array.from({ length: 12 }, () => random(file.length))
  const cuts = new Set([...boundaries, ...anywhere].filter(at => at > 0 && at < file.length))
  return [...cuts].map(at => ({ name: `${name} cut at ${at}`, bytes: file.subarray(0, at) }))
}

/** One to four bits turned, more of them where the structure is than in the pixels. */
function flips(name: string, file: Buffer, random: Random): HostileInput[] {
  const boundaries = boundariesOf(file)
  return Array.from({ length: 40 }, (_, index) => {
    const bytes = Buffer.from(file)
    for (let count = 1 + random(4); count > 0; count--) {
      const near = (boundaries[random(boundaries.length)] ?? 0) + random(16)
      const at = random(2) && near < bytes.length ? near : random(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
    }
    return { name: `${name} with bits turned ${index}`, bytes }
  })
}

/** Parts left out, doubled, swapped or filled. */
function spliced(name: string, file: Buffer, random: Random): HostileInput[] {
  const boundaries = [0, ...boundariesOf(file), file.length]
  const place = () => boundaries[random(boundaries.length)] ?? 0
  return Array.from({ length: 25 }, (_, index) => {
    const [from, to] = [place(), place()].sort((one, other) => one - other) as [number, number]
    const [head, part, tail] = [file.subarray(0, from), file.subarray(from, to), file.subarray(to)]
    const kinds = [
      () => [head, tail],
      () => [head, part, part, tail],
      () => [head, tail, part],
      () => [head, Buffer.alloc(Math.min(part.length, 99), [0, 255, 128][random(3)]), part, tail],
      () => [head, Buffer.alloc(part.length, [0, 255][random(2)]), tail],
    ]
    return { name: `${name} spliced ${index}`, bytes: Buffer.concat(kinds[index % kinds.length]?.() ?? []) }
  })
}

function randomBehindMagics(valid: Map<string, Buffer>, random: Random): HostileInput[] {
  return [...valid].flatMap(([name, file]) =>
    [4, 12, 16, 40].flatMap(kept =>
      Array.from({ length: 3 }, (_, index) => {
        const noise = Buffer.from(Uint8Array.from({ length: random(4000) }, () => random(256)))
        return {
          name: `random bytes behind ${kept} of ${name}, ${index}`,
          bytes: Buffer.concat([file.subarray(0, kept), noise]),
        }
      }),
    ),
  )
}
