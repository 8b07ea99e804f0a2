import { abbreviated, tablesStream, takeStreamApart } from './jpeg-stream.ts'
import type { TiffEntry } from './tiff-directory.ts'
import { compressions, pageTags, photometrics } from './tiff-page.ts'
import { bytesEntry, encodeTiff, longsEntry, shortsEntry } from './tiff-writer.ts'

/** How a page is cut into JPEGs, each a strip or a tile. */
export interface JpegPage {
  readonly width: number
  readonly height: number
  readonly cut:
    | { readonly rowsPerStrip: number }
    | { readonly tileWidth: number; readonly tileLength: number }
  /** Whether three components are red, green and blue. */
  readonly isRgb: boolean
}

/**
 * A TIFF of one page whose pixels are JPEGs. libvips can't write these in YCbCr from quality 90 on, and below that only
 * in 4:2:0. The quantisation tables, which usually all share, are in JPEGTables (TIFF Technical Note 2).
 */
export function writeJpegPage(
  { width, height, cut, isRgb }: JpegPage,
  jpegs: readonly Uint8Array[],
): Uint8Array {
  const streams = jpegs.map(takeStreamApart)
  const [first] = streams
  if (!first) throw new TypeError('a page has no pixels')
  const { components, horizontal, vertical } = first
  const parts = streams.map(stream => abbreviated(stream, first))
  const lengths = parts.map(part => part.length)
  return encodeTiff(writer => {
    const offsets = parts.map(part => writer.append(part))
    return [
      longsEntry(pageTags.width, width),
      longsEntry(pageTags.height, height),
      shortsEntry(pageTags.bitsPerSample, ...new Array(components).fill(8)),
      shortsEntry(pageTags.compression, compressions.jpeg),
      shortsEntry(pageTags.orientation, 1),
      shortsEntry(pageTags.samplesPerPixel, components),
      shortsEntry(pageTags.planarConfiguration, 1),
      bytesEntry(pageTags.jpegTables, 7, tablesStream(first)),
      ...colourEntries(components, isRgb, [horizontal, vertical]),
      ...cutEntries(cut, offsets, lengths),
    ]
  })
}

function colourEntries(components: number, isRgb: boolean, sampling: [number, number]): TiffEntry[] {
  if (components === 1) return [shortsEntry(pageTags.photometric, photometrics.blackIsZero)]
  if (isRgb) return [shortsEntry(pageTags.photometric, photometrics.rgb)]
  // Fractions: the full range of bytes, as in JFIF.
  const range = longsEntry(pageTags.referenceBlackWhite, ...[0, 255, 128, 255, 128, 255].flatMap(n => [n, 1]))
  return [
    shortsEntry(pageTags.photometric, photometrics.yCbCr),
    shortsEntry(pageTags.chromaSubsampling, ...sampling),
    { ...range, type: 5, count: 6 },
  ]
}

function cutEntries(cut: JpegPage['cut'], offsets: number[], lengths: number[]): TiffEntry[] {
  if ('rowsPerStrip' in cut)
    return [
      longsEntry(pageTags.rowsPerStrip, cut.rowsPerStrip),
      longsEntry(pageTags.stripOffsets, ...offsets),
      longsEntry(pageTags.stripByteCounts, ...lengths),
    ]
  return [
    longsEntry(pageTags.tileWidth, cut.tileWidth),
    longsEntry(pageTags.tileLength, cut.tileLength),
    longsEntry(pageTags.tileOffsets, ...offsets),
    longsEntry(pageTags.tileByteCounts, ...lengths),
  ]
}
