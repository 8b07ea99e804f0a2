import type { HeaderReader } from '../header-reader.ts'
import type { ImageFacts } from '../image-facts.ts'
import { MalformedImage, UnsupportedImage } from '../malformed-image.ts'
import { validOrientation } from './exif.ts'
import { firstInteger, type Ifd, type IfdEntry, readIfd, readTiffStart, type TiffSpan } from './ifd.ts'
import { type UnpackedSamples, unpackedSamples } from './samples.ts'

/** The limit for pages: each page costs reads, and the chain may lead anywhere in the file. */
const maxPages = 10_000

/**
 * The limit for numbers in the lists of all pages. Decoders read each list into memory, and thousands of pages may have the
 * same long list. An image of 50 megapixels in tiles of 16 x 16, the smallest allowed, has 1.6 million if its four colours
 * are apart.
 */
const maxNumbers = 2_000_000

/**
 * The limit for the values of all tags, such as profiles, if they are more than the file has bytes. Thousands of pages may
 * have the same profile, which each page of a result has for itself.
 */
const maxSharedBytes = 64 * 1024 * 1024

/** TIFF 6.0 section 8 and appendix A. */
const tag = {
  newSubfileType: 254,
  subfileType: 255,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  stripByteCounts: 279,
  colorMap: 320,
  tileOffsets: 324,
  tileByteCounts: 325,
  subDirectories: 330,
  extraSamples: 338,
  sampleFormat: 339,
  thumbnail: 513,
  chromaSubsampling: 530,
  dngVersion: 50_706,
} as const

const wantedTags: ReadonlySet<number> = new Set(Object.values(tag))

/** The tags with lists of any length that decoders read. */
const lists = [
  ...[tag.bitsPerSample, tag.colorMap, tag.extraSamples, tag.sampleFormat],
  ...[tag.stripOffsets, tag.stripByteCounts, tag.tileOffsets, tag.tileByteCounts],
]

/** Section 8, PhotometricInterpretation. */
const transparencyMask = 4

/** DNG 1.7: the samples of a colour filter array, and linear samples of the sensor. */
const sensorPhotometrics: readonly (number | undefined)[] = [32_803, 34_892]

const cameraRaw =
  'the TIFF is a camera raw file, which is not supported: export the picture as JPEG, PNG or TIFF'

/** JPEG in its old, new and DNG kinds, JPEG 2000, WebP, JPEG XL. */
const lossyCompressions: readonly number[] = [6, 7, 33003, 33004, 33005, 34712, 34892, 50001, 50002]

/**
 * TIFF 6.0 section 2: the chain of IFDs, one for each page. As in libtiff, it ends at 0, at a page that came before, or
 * at an IFD that can't be read. The size is that of the first page that is not a thumbnail or mask. A later IFD without a
 * size is not a page: it is a thumbnail as in EXIF, or has only metadata.
 */
export async function readTiff(reader: HeaderReader): Promise<ImageFacts> {
  const tiff = await readTiffStart(reader, 0, reader.size)
  if (!tiff) throw new MalformedImage('the TIFF header is truncated')
  const { span, firstIfd } = tiff
  if (await isCanonRaw(reader)) throw new UnsupportedImage(cameraRaw)

  let first: Page | undefined
  let picture: Page | undefined
  let pixels = 0
  let unpackedBytes = 0
  let lossless = true
  let [numbers, valueBytes] = [0, 0]
  const visited = new Set<number>()
  for (let at: number | undefined = firstIfd; at !== undefined && !visited.has(at); ) {
    const ifd: Ifd | undefined = await readIfd(reader, span, { at, tags: wantedTags })
    if (!ifd) break
    if (visited.size === maxPages) throw new MalformedImage(`the TIFF has more than ${maxPages} pages`)
    visited.add(at)
    for (const list of lists) numbers += countIn(ifd.entries.get(list), reader.size)
    if (numbers > maxNumbers)
      throw new MalformedImage(
        `the TIFF has more than ${maxNumbers} numbers in its lists of strips and tiles`,
      )
    valueBytes += ifd.valueBytes
    if (valueBytes > Math.max(maxSharedBytes, reader.size))
      throw new MalformedImage(`the pages of the TIFF share more than ${maxSharedBytes} bytes`)
    at = ifd.next
    if (first && !ifd.entries.has(tag.width)) continue
    const page = await readPage(reader, span, ifd)
    first ??= page
    if (!page.isCompanion) picture ??= page
    pixels += page.width * page.height
    unpackedBytes += (page.width * page.height * page.channels * page.bitsPerSample) / 8
    lossless &&= page.lossless
  }
  if (!first) throw new MalformedImage("the TIFF's first directory is not readable")
  const { isCompanion, hasPictureBelow, ...shown } = picture ?? first
  if (isCompanion && hasPictureBelow) throw new UnsupportedImage(cameraRaw)
  return { ...shown, frames: visited.size, pixels, unpackedBytes, progressive: false, lossless }
}

/** As many numbers as are in the file; a number has at least one byte. */
function countIn(entry: IfdEntry | undefined, size: number): number {
  return entry ? Math.max(0, Math.min(entry.count, size - entry.valuesAt)) : 0
}

interface Page extends UnpackedSamples {
  width: number
  height: number
  orientation: number
  lossless: boolean
  /** Whether it is a reduced version of another page, or a mask of its transparency. */
  isCompanion: boolean
  /** Whether it may be the thumbnail of a camera raw file, whose picture is in a directory below it. */
  hasPictureBelow: boolean
}

/** Whether a directory has only a JPEG without a size, like the thumbnails in EXIF. */
function isSizelessThumbnail({ entries }: Ifd): boolean {
  return !entries.has(tag.width) && entries.has(tag.thumbnail)
}

/** The mark of Canon's CR2, whose first page is a large preview. */
async function isCanonRaw(reader: HeaderReader): Promise<boolean> {
  return reader.size >= 12 && (await reader.text(8, 4)) === 'CR\x02\0'
}

async function readPage(reader: HeaderReader, span: TiffSpan, ifd: Ifd): Promise<Page> {
  const integer = (wanted: number) => firstInteger(reader, span, ifd.entries.get(wanted))
  const photometric = await integer(tag.photometric)
  // Sony's ARW begins with a thumbnail that has no size.
  const isRaw = sensorPhotometrics.includes(photometric) || isSizelessThumbnail(ifd)
  if (isRaw) throw new UnsupportedImage(cameraRaw)
  const width = await integer(tag.width)
  const height = await integer(tag.height)
  if (!width || !height) throw new MalformedImage('a TIFF page has no width or no height')
  const compression = (await integer(tag.compression)) ?? 1
  const samples = await unpackedSamples(reader, span, {
    bitsPerSample: (await integer(tag.bitsPerSample)) ?? 1,
    samplesPerPixel: (await integer(tag.samplesPerPixel)) ?? 1,
    photometric,
    sampleFormat: (await integer(tag.sampleFormat)) ?? 1,
    compression,
    // Section 21: chroma has half the resolution unless the file declares another.
    isSubsampled: (await isSubsampled(reader, span, ifd)) ?? true,
    colorMap: ifd.entries.get(tag.colorMap),
  })
  const orientation = validOrientation(await integer(tag.orientation))
  const isCompanion =
    (((await integer(tag.newSubfileType)) ?? 0) & 0b101) !== 0 ||
    (await integer(tag.subfileType)) === 2 ||
    photometric === transparencyMask
  const lossless = !isLossyInTiff(compression)
  const hasPictureBelow = ifd.entries.has(tag.subDirectories) || ifd.entries.has(tag.dngVersion)
  return { ...samples, width, height, orientation, lossless, isCompanion, hasPictureBelow }
}

/** Whether a compression of TIFF, by its number in tag 259, may lose something. */
export function isLossyInTiff(compression: number): boolean {
  return lossyCompressions.includes(compression)
}

/** Section 21, YCbCrSubsampling: two SHORTs, 1 1 for none. */
async function isSubsampled(reader: HeaderReader, span: TiffSpan, ifd: Ifd): Promise<boolean | undefined> {
  const entry = ifd.entries.get(tag.chromaSubsampling)
  if (entry?.count !== 2 || entry.type !== 3 || entry.valuesAt + 4 > span.end) return undefined
  const view = await reader.view(entry.valuesAt, 4)
  return view.getUint16(0, span.littleEndian) !== 1 || view.getUint16(2, span.littleEndian) !== 1
}
