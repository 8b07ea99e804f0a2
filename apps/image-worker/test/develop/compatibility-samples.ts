import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { OutputFormat } from '@darkroom/contracts'
import { bytesSource, readAvifCoding, readImageHeader } from '@darkroom/image-header'
import { photograph } from '@darkroom/testing'
import sharp from 'sharp'
import type { RowName } from '../../scripts/compatibility-table.ts'
import { jpegQuantisation } from '../../src/develop/jpeg/jpeg-quality.ts'
import { jpegSettings } from '../../src/develop/tiff/jpeg-settings.ts'
import { tiffPages } from '../../src/develop/tiff/tiff-page.ts'
import { chunk } from '../permute/png/png-assembler.ts'
import { animatedPng } from './animated-png.ts'
import { picturesWithMetadata, type Trace, traces, tracesIn } from './carried.ts'
import { inspect } from './inspect.ts'
import { resolutionIn } from './resolution-in.ts'
import { bytesOf } from './run.ts'

/** A file with a feature, and how the feature is recognised in a file, in the original or in a result. */
export interface Sample {
  readonly file: Buffer
  see(bytes: Buffer): unknown
  /** The value that shows that the feature was converted. */
  converted?(format: OutputFormat): unknown
  /** The value that shows that the feature was dropped; default: undefined. */
  readonly dropped?: unknown
  /** An operation in addition to the usual operations. */
  readonly also?: string
  /** Instead of the usual operations. */
  readonly developing?: readonly string[]
}

const [width, height] = [64, 48]
const photo = () => sharp(photograph({ width, height, seed: 3 }), { raw: { width, height, channels: 3 } })
const fixture = (path: string) => readFile(new URL(path, import.meta.url))
const metadataOf = (bytes: Buffer) => sharp(bytes, { pages: 1 }).metadata()
const codingOf = async (avif: Buffer) => (await readAvifCoding(bytesSource(avif))) ?? assert.fail()
const carried = await picturesWithMetadata()
const jpegWithAll = carried.jpeg ?? assert.fail()
const tiffWithAll = Buffer.from(await bytesOf(jpegWithAll, 'format:tiff,metadata:keep'))
const sees = (trace: Trace) => (bytes: Buffer) => tracesIn(bytes).includes(trace) || undefined

export const samples: Record<RowName, Sample> = {
  transparency: {
    file: await graded().png().toBuffer(),
    see: async bytes => {
      const { samples } = await inspect(bytes)
      const alphas = [...samples].filter((_, at) => at % 4 === 3)
      if (alphas.some(alpha => alpha > 50 && alpha < 200)) return 'graded'
      return alphas.some(alpha => alpha < 50) ? 'on or off' : 'none'
    },
    converted: format => (format === 'gif' ? 'on or off' : 'none'),
  },
  premultiplied: {
    file: await fixture('avif/premultiplied.avif'),
    see: async bytes => (isAvif(bytes) ? (await codingOf(bytes)).isPremultiplied : false),
    converted: () => false,
  },
  deep: { file: await deep().png().toBuffer(), see: depthOf, converted: shallowUnlessAvif },
  deepAvif: {
    file: await deep().avif({ bitdepth: 12, quality: 90 }).toBuffer(),
    see: depthOf,
    converted: format => (format === 'png' || format === 'tiff' ? 16 : 8),
  },
  bilevel: {
    file: await photo()
      .toColourspace('b-w')
      .threshold()
      .tiff({ bitdepth: 1, compression: 'ccittfax4' })
      .toBuffer(),
    see: async bytes => (await metadataOf(bytes)).bitsPerSample === 1,
    converted: () => false,
  },
  grey: {
    file: await photo().greyscale().toColourspace('b-w').png().toBuffer(),
    see: async bytes => !isAvif(bytes) && (await inspect(bytes)).isGrey,
    converted: () => false,
  },
  palette: {
    file: await photo().png({ palette: true, colours: 64 }).toBuffer(),
    see: bytes => (bytes[0] === 0x89 && bytes[25] === 3) || bytes.toString('latin1', 0, 3) === 'GIF',
    converted: () => false,
  },
  infrared: {
    file: await fixture('tiffs/infrared.tif'),
    see: async bytes => (await metadataOf(bytes)).channels === 4 || undefined,
  },
  oddSamples: {
    file: await photo().toColourspace('scrgb').tiff({ compression: 'lzw' }).toBuffer(),
    see: () => undefined,
  },
  animation: {
    file: await animatedGif(),
    see: async bytes => {
      const { frames, delays, loop } = await inspect(bytes)
      return frames > 1 ? { frames, delays, loop } : undefined
    },
    converted: () => ({ frames: 3, delays: [], loop: undefined }),
  },
  animatedPng: {
    file: animatedPng(),
    see: framesIn,
    converted: () => 3,
  },
  pages: {
    file: await sharp([await page('#f00'), await page('#0f0'), await page('#00f')], {
      join: { animated: true },
    })
      .tiff()
      .toBuffer(),
    see: framesIn,
  },
  reducedPages: {
    file: await sharp(photograph({ width: 640, height: 480, seed: 3 }), {
      raw: { width: 640, height: 480, channels: 3 },
    })
      .tiff({ pyramid: true, tile: true, tileWidth: 64, tileHeight: 64, compression: 'deflate' })
      .toBuffer(),
    see: framesIn,
  },
  profile: {
    file: await photo().withIccProfile('p3').jpeg().toBuffer(),
    see: async bytes => (await metadataOf(bytes)).icc?.toString('base64'),
    converted: () => undefined,
  },
  numbers: {
    file: await fixture('avif/p3.avif'),
    see: coloursOf,
    converted: format => (format === 'gif' ? 'sRGB' : 'profile'),
  },
  hdr: { file: await fixture('avif/hdr.avif'), see: coloursOf, converted: () => 'sRGB' },
  gamma: {
    file: await fixture('colour/linear.png'),
    see: coloursOf,
    converted: () => 'sRGB',
    developing: ['flip,flip', 'resize:8x'],
  },
  cmyk: {
    file: await photo().toColourspace('cmyk').jpeg().toBuffer(),
    see: async bytes => (await metadataOf(bytes)).space,
    converted: () => 'srgb',
  },
  lab: {
    file: await fixture('tiffs/lab.tif'),
    see: async bytes => bytes.toString('latin1', 0, 2) === 'II' && tiffPages(bytes)[0]?.photometric === 8,
    converted: () => false,
  },
  quality: { file: await photo().jpeg({ quality: 71 }).toBuffer(), see: jpegQuantisation },
  sampling: {
    file: await photo().avif({ quality: 60, chromaSubsampling: '4:4:4' }).toBuffer(),
    see: async bytes => (await codingOf(bytes)).subsampling,
  },
  oddSampling: {
    file: await fixture('subsampled/4-2-2.jpeg'),
    see: jpegSampling,
    converted: () => '22 11 11',
  },
  avif422: {
    file: await fixture('avif/4-2-2.avif'),
    see: async bytes => (await codingOf(bytes)).subsampling,
    converted: () => '4:4:4',
  },
  lossless: {
    file: await photo().webp({ lossless: true }).toBuffer(),
    see: async bytes => (await readImageHeader(bytesSource(bytes))).lossless,
  },
  progressive: {
    file: await photo().jpeg({ progressive: true }).toBuffer(),
    see: async bytes => (await metadataOf(bytes)).isProgressive,
  },
  jpegInTiff: {
    file: await fixture('tiffs/jpeg-tiled.tif'),
    see: bytes => {
      const [page] = tiffPages(bytes)
      return page && jpegSettings(bytes, page)
    },
  },
  orientation: {
    file: await photo().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    see: async bytes => {
      const { orientation = 1, width, height } = await metadataOf(bytes)
      return { orientation, width, height }
    },
    converted: () => ({ orientation: 1, width: height, height: width }),
  },
  resolution: {
    file: await fixture('cases/30-plain300.tif'),
    see: bytes => {
      const said = resolutionIn(bytes)
      if (!said) return undefined
      const toInches = bytes[0] === 0x89 ? 0.0254 : 1
      return [said.x, said.y].map(dots => Math.round(dots * toInches))
    },
  },
  metadata: { file: jpegWithAll, see: tracesIn, dropped: [] },
  exif: { file: jpegWithAll, see: sees('exif'), also: 'metadata:keep' },
  xmp: { file: jpegWithAll, see: sees('xmp'), also: 'metadata:keep' },
  iptc: { file: jpegWithAll, see: sees('iptc'), also: 'metadata:keep' },
  comments: { file: carried.gif ?? assert.fail(), see: sees('comment'), also: 'metadata:keep' },
  thumbnail: { file: jpegWithAll, see: sees('thumbnail'), also: 'metadata:keep' },
  gainMap: {
    file: await fixture('cases/22-ultrahdr.jpg'),
    see: bytes => /hdrgm|GContainer|MPF\0/.test(bytes.toString('latin1')) || undefined,
    also: 'metadata:keep',
  },
  bytesBehind: {
    file: Buffer.concat([jpegWithAll, Buffer.from('a second file')]),
    see: bytes => bytes.includes('a second file') || undefined,
    also: 'metadata:keep',
  },
}

/** More originals for features that rows name. They are compared with the same cells. */
export const furtherSamples: [RowName, Sample][] = [
  ['transparency', { ...samples.transparency, file: await graded().webp({ lossless: true }).toBuffer() }],
  ['transparency', { ...samples.transparency, file: await graded().tiff({ compression: 'lzw' }).toBuffer() }],
  ['transparency', { ...samples.transparency, file: await graded().avif({ quality: 90 }).toBuffer() }],
  ['deep', { ...samples.deep, file: await deep().tiff({ compression: 'lzw' }).toBuffer() }],
  ['grey', { ...samples.grey, file: await photo().greyscale().toColourspace('b-w').jpeg().toBuffer() }],
  ['grey', { ...samples.grey, file: await photo().greyscale().toColourspace('b-w').tiff().toBuffer() }],
  [
    'animation',
    {
      ...samples.animation,
      file: await sharp(await animatedGif(), { pages: -1 })
        .webp({ lossless: true })
        .toBuffer(),
    },
  ],
  ['profile', { ...samples.profile, file: await photo().withIccProfile('p3').png().toBuffer() }],
  ['profile', { ...samples.profile, file: await photo().withIccProfile('p3').webp().toBuffer() }],
  [
    'profile',
    { ...samples.profile, file: await photo().withIccProfile('p3').tiff({ compression: 'lzw' }).toBuffer() },
  ],
  ['profile', { ...samples.profile, file: await photo().withIccProfile('p3').avif().toBuffer() }],
  [
    'cmyk',
    { ...samples.cmyk, file: await photo().toColourspace('cmyk').tiff({ compression: 'lzw' }).toBuffer() },
  ],
  ['sampling', { file: await photo().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(), see: jpegSampling }],
  ['sampling', { file: await photo().jpeg({ chromaSubsampling: '4:2:0' }).toBuffer(), see: jpegSampling }],
  [
    'quality',
    {
      file: await photo().avif({ quality: 40 }).toBuffer(),
      see: async bytes => (await codingOf(bytes)).quantiser,
    },
  ],
  [
    'lossless',
    { file: await fixture('avif/lossless.avif'), see: async bytes => (await codingOf(bytes)).isLossless },
  ],
  ['progressive', { ...samples.progressive, file: await photo().png({ progressive: true }).toBuffer() }],
  [
    'progressive',
    {
      ...samples.progressive,
      file: await interlacedGif(),
      see: async bytes => (await readImageHeader(bytesSource(bytes))).progressive,
    },
  ],
  ...(['png', 'webp', 'tiff', 'avif'] as const).flatMap(name => {
    const file = name === 'tiff' ? tiffWithAll : (carried[name] ?? assert.fail())
    return [
      ['metadata', { ...samples.metadata, file }],
      ['exif', { ...samples.exif, file }],
      ['xmp', { ...samples.xmp, file }],
      ['bytesBehind', { ...samples.bytesBehind, file: Buffer.concat([file, Buffer.from('a second file')]) }],
    ] as [RowName, Sample][]
  }),
  [
    'bytesBehind',
    {
      ...samples.bytesBehind,
      file: Buffer.concat([carried.gif ?? assert.fail(), Buffer.from('a second file')]),
    },
  ],
  ['comments', { ...samples.comments, file: await commentedPng() }],
]

function graded() {
  const alpha = Uint8Array.from({ length: width * height }, (_, at) =>
    Math.round(((at % width) / (width - 1)) * 255),
  )
  return photo().joinChannel(Buffer.from(alpha), { raw: { width, height, channels: 1 } })
}

function deep() {
  const ramp = Uint16Array.from({ length: width * height * 3 }, (_, at) => (at * 21) % 65536)
  return sharp(ramp, { raw: { width, height, channels: 3 } }).toColourspace('rgb16')
}

async function commentedPng(): Promise<Buffer> {
  const png = await photo().png().toBuffer()
  const text = chunk('tEXt', Buffer.from(`Comment\0${traces.comment}`, 'latin1'))
  return Buffer.concat([png.subarray(0, 33), text, png.subarray(33)])
}

async function animatedGif(): Promise<Buffer> {
  const frames = [await page('#f00'), await page('#0f0'), await page('#00f')]
  return sharp(frames, { join: { animated: true } })
    .gif({ delay: [40, 80, 120], loop: 3 })
    .toBuffer()
}

function interlacedGif(): Promise<Buffer> {
  return photo().gif({ progressive: true }).toBuffer()
}

/** Pages of a single colour could become one page in some encoders. */
function page(background: string): Promise<Buffer> {
  const create = { width, height, channels: 3 as const, background }
  return sharp({ create }).png().toBuffer()
}

/** The number of images that follow each other; undefined for one. */
async function framesIn(bytes: Buffer): Promise<number | undefined> {
  const { frames } = await readImageHeader(bytesSource(bytes))
  return frames > 1 ? frames : undefined
}

/** The sampling factors of each component, from the frame header. */
function jpegSampling(bytes: Buffer): string {
  const at = Math.max(bytes.indexOf(Buffer.of(0xff, 0xc0, 0)), bytes.indexOf(Buffer.of(0xff, 0xc2, 0)))
  return [11, 14, 17].map(offset => bytes[at + offset]?.toString(16)).join(' ')
}

async function depthOf(bytes: Buffer): Promise<number> {
  const { depth, bitsPerSample = 8 } = await metadataOf(bytes)
  return isAvif(bytes) ? bitsPerSample : depth === 'ushort' ? 16 : 8
}

function shallowUnlessAvif(format: OutputFormat): number {
  return format === 'avif' ? 10 : 8
}

async function coloursOf(bytes: Buffer): Promise<string> {
  const chunk = (type: string) => {
    const at = bytes.indexOf(type)
    return bytes[0] === 0x89 && at > 0 ? at + 4 : undefined
  }
  const [cicp, gamma] = [chunk('cICP'), chunk('gAMA')]
  if (cicp !== undefined) return `${bytes[cicp]}/${bytes[cicp + 1]}`
  if (gamma !== undefined) return `gamma ${bytes.readUInt32BE(gamma)}`
  if ((await metadataOf(bytes)).icc) return 'profile'
  if (!isAvif(bytes)) return 'sRGB'
  const { primaries, transfer } = (await codingOf(bytes)).cicp
  return primaries <= 2 ? 'sRGB' : `${primaries}/${transfer}`
}

function isAvif(bytes: Buffer): boolean {
  return bytes.toString('latin1', 4, 8) === 'ftyp'
}
