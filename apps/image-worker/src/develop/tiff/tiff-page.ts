import { isLossyInTiff } from '@darkroom/image-header'
import { numbersOf, type TiffDirectory, type TiffEntry, TiffReader } from './tiff-directory.ts'

/** TIFF 6.0, appendix A; TIFF Technical Note 2 (347). */
export const pageTags = {
  newSubfileType: 254,
  subfileType: 255,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  leastSample: 280,
  greatestSample: 281,
  planarConfiguration: 284,
  resolutionUnit: 296,
  transferFunction: 301,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  inkSet: 332,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  coefficients: 529,
  chromaSubsampling: 530,
  referenceBlackWhite: 532,
  gdalNoData: 42_113,
} as const

export const photometrics = {
  whiteIsZero: 0,
  blackIsZero: 1,
  rgb: 2,
  palette: 3,
  mask: 4,
  separated: 5,
  yCbCr: 6,
  cieLab: 8,
  iccLab: 9,
} as const

export const compressions = {
  none: 1,
  lzw: 5,
  oldJpeg: 6,
  jpeg: 7,
  deflate: 8,
  packBits: 32_773,
  oldDeflate: 32_946,
  zstd: 50_000,
} as const

/** TIFF 6.0, section 19. */
export const sampleFormats = { unsigned: 1, float: 3 } as const

/** A page of a TIFF, as its directory describes it. */
export interface TiffPage {
  /** Whether it is the first page of the file that is not a companion. */
  readonly isFirst: boolean
  readonly directory: TiffDirectory
  /** As stored: an orientation of 5 to 8 exchanges width and height. */
  readonly width: number
  readonly height: number
  readonly orientation: number
  readonly bitsPerSample: number
  readonly samplesPerPixel: number
  readonly photometric: number
  readonly compression: number
  readonly isPlanar: boolean
  readonly isTiled: boolean
  /** The positions of the pixels, strip by strip or tile by tile. */
  readonly segments: readonly { readonly at: number; readonly bytes: number }[]
}

/**
 * The pages of a TIFF. Leaves out companions of a page: reduced versions (thumbnails, the levels of a pyramid), which
 * don't show the developed page, and masks of its transparency, which hardly any program applies. If a file has only
 * companions, the first of them is its page.
 */
export function tiffPages(tiff: Uint8Array): TiffPage[] {
  const directories = TiffReader.of(tiff)?.directories() ?? []
  const all = directories.map(pageOf)
  const shown = all.filter(page => !isCompanion(page))
  const pages = shown.length > 0 ? shown : all.slice(0, 1)
  return pages.map((page, index) => ({ ...page, isFirst: index === 0 }))
}

/** The entry with a tag, if the page has it. */
export function entryOf({ directory }: Pick<TiffPage, 'directory'>, wanted: number): TiffEntry | undefined {
  return directory.entries.find(({ tag }) => tag === wanted)
}

/** The whole numbers of a tag; empty if the page doesn't have it. */
export function numbersOfTag(page: Pick<TiffPage, 'directory'>, wanted: number): number[] {
  return numbersOf(entryOf(page, wanted))
}

function pageOf(directory: TiffDirectory): Omit<TiffPage, 'isFirst'> {
  const numbers = (wanted: number) => numbersOfTag({ directory }, wanted)
  const number = (wanted: number, otherwise: number) => numbers(wanted)[0] ?? otherwise
  const isTiled = numbers(pageTags.tileOffsets).length > 0
  const offsets = numbers(isTiled ? pageTags.tileOffsets : pageTags.stripOffsets)
  const byteCounts = numbers(isTiled ? pageTags.tileByteCounts : pageTags.stripByteCounts)
  const orientation = number(pageTags.orientation, 1)
  return {
    directory,
    width: number(pageTags.width, 0),
    height: number(pageTags.height, 0),
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
    bitsPerSample: number(pageTags.bitsPerSample, 1),
    samplesPerPixel: number(pageTags.samplesPerPixel, 1),
    photometric: number(pageTags.photometric, photometrics.blackIsZero),
    compression: number(pageTags.compression, 1),
    isPlanar: number(pageTags.planarConfiguration, 1) === 2,
    isTiled,
    segments: offsets.map((at, segment) => ({ at, bytes: byteCounts[segment] ?? 0 })),
  }
}

export function isLossless({ compression }: TiffPage): boolean {
  return !isLossyInTiff(compression)
}

/**
 * A reduced version has bit 0 of NewSubfileType, or 2 in the older SubfileType; a mask has bit 2. A thumbnail like those in
 * EXIF has no size.
 */
export function isCompanion(page: Pick<TiffPage, 'directory' | 'photometric' | 'width'>): boolean {
  const [type = 0] = numbersOfTag(page, pageTags.newSubfileType)
  const [oldType = 0] = numbersOfTag(page, pageTags.subfileType)
  return (type & 0b101) !== 0 || oldType === 2 || page.photometric === photometrics.mask || page.width === 0
}
