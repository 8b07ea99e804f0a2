import assert from 'node:assert/strict'
import type { OutputFormat } from '@darkroom/contracts'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import type { RowName } from '../../../scripts/compatibility/table.ts'
import { jpegQuantisation } from '../../../src/develop/jpeg/jpeg-quality.ts'
import { jpegSettings } from '../../../src/develop/tiff/jpeg-settings.ts'
import { tiffPages } from '../../../src/develop/tiff/tiff-page.ts'
import { shortsEntry } from '../../../src/develop/tiff/tiff-writer.ts'
import { generatedPhoto } from '../../generated-photo.ts'
import { animatedPng } from '../animated-png.ts'
import { inspect } from '../inspect.ts'
import { tracesIn } from '../metadata-traces.ts'
import { resolutionIn } from '../resolution-in.ts'
import { tiffOf } from '../tiff/tiff-files.ts'
import { codingOf, coloursOf, depthOf, framesIn, isAvif, jpegSampling, metadataOf, sees } from './features.ts'
import { animatedGif, deep, fixture, graded, height, page, photo, width } from './pictures.ts'
import { carried, jpegWithAll } from './pictures-with-metadata.ts'

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
  wideSamples: {
    file: await photo().toColourspace('scrgb').tiff({ compression: 'lzw' }).toBuffer(),
    see: async bytes => ((await metadataOf(bytes)).depth === 'float' ? 32 : await depthOf(bytes)),
    converted: format => (format === 'png' || format === 'tiff' ? 16 : shallowUnlessAvif(format)),
  },
  oddSamples: {
    file: Buffer.from(tiffOf(1, [10, 200], [], [shortsEntry(339, 2)])),
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
    file: await generatedPhoto({ width: 160, height: 120, seed: 3 })
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
      const resolution = resolutionIn(bytes)
      if (!resolution) return undefined
      const toInches = bytes[0] === 0x89 ? 0.0254 : 1
      return [resolution.x, resolution.y].map(dots => Math.round(dots * toInches))
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

function shallowUnlessAvif(format: OutputFormat): number {
  return format === 'avif' ? 10 : 8
}
