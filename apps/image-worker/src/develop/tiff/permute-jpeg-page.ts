import type { ChannelOrder } from '@darkroom/contracts'
import { permuteJpeg, permuteRgbJpeg } from '../../permute/jpeg/permute-jpeg.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { hasReadableTiles } from './for-libvips/readable-tiles.ts'
import { type JpegStream, jpegsOf, takeStreamApart } from './jpeg-stream.ts'
import {
  compressions,
  numbersOfTag,
  pageTags,
  photometrics,
  sampleFormats,
  type TiffPage,
} from './tiff-page.ts'
import { type JpegPage, writeJpegPage } from './write-jpeg-page.ts'

/**
 * A TIFF of one page in JPEG, its colours permuted without decoding its pixels: each strip or tile keeps its place, its
 * quality and its sampling. Undefined if the page must be decoded, or if the result would take more than `maxBytes`.
 */
export function permuteJpegPage(
  tiff: Uint8Array,
  page: TiffPage,
  order: ChannelOrder,
  maxBytes: number,
): Uint8Array | undefined {
  const isKnown = components[page.photometric] === page.samplesPerPixel
  const [format = sampleFormats.unsigned] = numbersOfTag(page, pageTags.sampleFormat)
  if (
    !isKnown ||
    format !== sampleFormats.unsigned ||
    page.compression !== compressions.jpeg ||
    page.isPlanar ||
    !hasReadableTiles(page) ||
    page.orientation !== 1
  )
    return undefined
  const isRgb = page.photometric === photometrics.rgb
  const permute = isRgb ? permuteRgbJpeg : permuteJpeg
  try {
    const cut = cutOf(page)
    const originals = jpegsOf(tiff, page)
    expectToFill(page, cut, originals.map(takeStreamApart))
    const jpegs = originals.map(jpeg => permute(jpeg, order))
    const { width, height } = page
    const written = writeJpegPage({ width, height, isRgb, cut }, jpegs)
    return written.length > maxBytes ? undefined : written
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}

/** The number of components for each supported kind of colours. */
const components: Readonly<Record<number, number>> = {
  [photometrics.yCbCr]: 3,
  [photometrics.rgb]: 3,
  [photometrics.blackIsZero]: 1,
}

/** @throws NotWellFormed unless the streams have the number, the size and the kind of samples that the page declares */
function expectToFill(page: TiffPage, cut: JpegPage['cut'], streams: readonly JpegStream[]): void {
  const isTiled = 'tileWidth' in cut
  const [width, height] = isTiled ? [cut.tileWidth, cut.tileLength] : [page.width, cut.rowsPerStrip]
  const [across, down] = [Math.ceil(page.width / width), Math.ceil(page.height / height)]
  const [first] = streams
  const areAlike = streams.every((stream, index) => {
    // The last strip ends with the image, or is padded.
    const rowsLeft = isTiled ? height : page.height - index * height
    return (
      stream.width === width &&
      (stream.height === height || stream.height === rowsLeft) &&
      stream.components === page.samplesPerPixel &&
      stream.horizontal === first?.horizontal &&
      stream.vertical === first.vertical
    )
  })
  if (!areAlike || streams.length !== across * down)
    throw new NotWellFormed("the JPEGs do not match the page's tags")
}

function cutOf(page: TiffPage): JpegPage['cut'] {
  const [tileWidth] = numbersOfTag(page, pageTags.tileWidth)
  const [tileLength] = numbersOfTag(page, pageTags.tileLength)
  if (tileWidth !== undefined && tileLength !== undefined) return { tileWidth, tileLength }
  const [rows = page.height] = numbersOfTag(page, pageTags.rowsPerStrip)
  return { rowsPerStrip: Math.min(rows, page.height) }
}
