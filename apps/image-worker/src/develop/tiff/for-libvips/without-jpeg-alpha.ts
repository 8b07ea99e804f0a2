import { deflateSync } from 'node:zlib'
import type { ImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { AddedParts, type NewDirectory, withDirectories } from '../edit-tiff.ts'
import { jpegsOf } from '../jpeg-stream.ts'
import { compressions, numbersOfTag, pageTags, photometrics, type TiffPage, tiffPages } from '../tiff-page.ts'
import { encodeTiff, longsEntry, shortsEntry } from '../tiff-writer.ts'
import { isUnwritten } from './unwritten-segments.ts'

/**
 * A TIFF whose tiles of JPEG with transparency, as GDAL writes them, are deflated; the file itself if it has none. libvips
 * reads such strips, but of tiles only those with three samples a pixel. The new tiles are at the end of the file. Awaits
 * `reserve` before it takes memory.
 */
export async function withoutJpegAlpha(
  tiff: Uint8Array,
  { unpackedBytes }: Pick<ImageHeader, 'unpackedBytes'>,
  reserve: (bytes: number) => Promise<void>,
): Promise<Uint8Array> {
  const pages = tiffPages(tiff).filter(hasTilesWithAlpha)
  if (pages.length === 0) return tiff
  await reserve(3 * unpackedBytes + 4 * tiff.length)
  const added = new AddedParts(tiff)
  const changed: NewDirectory[] = []
  for (const page of pages) {
    const tiles: { at: number; bytes: number }[] = []
    for (const jpeg of jpegsOf(tiff, page)) {
      const tile = deflateSync(await samplesOfTile(jpeg, page), { level: 1 })
      tiles.push({ at: added.append(tile), bytes: tile.length })
    }
    changed.push({ directory: page.directory, entries: entriesOf(page, tiles) })
  }
  return withDirectories(tiff, changed, added)
}

function hasTilesWithAlpha(page: TiffPage): boolean {
  const { compression, photometric, isTiled, isPlanar, samplesPerPixel, segments } = page
  const isRgba = photometric === photometrics.rgb && samplesPerPixel === channels
  if (compression !== compressions.jpeg || !isTiled || isPlanar || !isRgba) return false
  const [width, height] = sizeOfTile(page)
  const needed = Math.ceil(page.width / width) * Math.ceil(page.height / height)
  // A tile is at most as large as the page, apart from a margin.
  const isBounded = segments.length <= needed && width * height <= page.width * page.height + mostMargin
  return isBounded && !segments.some(isUnwritten)
}

const channels = 4
/** In pixels. */
const mostMargin = 1024 * 1024

/** libvips reads the tile as the only strip of a TIFF. */
async function samplesOfTile(jpeg: Uint8Array, page: TiffPage): Promise<Buffer> {
  const [width, height] = sizeOfTile(page)
  const strip = encodeTiff(writer => [
    ...[longsEntry(pageTags.width, width), longsEntry(pageTags.height, height)],
    shortsEntry(pageTags.bitsPerSample, 8, 8, 8, 8),
    shortsEntry(pageTags.compression, compressions.jpeg),
    shortsEntry(pageTags.photometric, photometrics.rgb),
    longsEntry(pageTags.stripOffsets, writer.append(jpeg)),
    shortsEntry(pageTags.samplesPerPixel, channels),
    longsEntry(pageTags.rowsPerStrip, height),
    longsEntry(pageTags.stripByteCounts, jpeg.length),
    // Not associated: so libvips leaves the colours as they are.
    shortsEntry(pageTags.extraSamples, 2),
  ])
  return sharp(strip, { failOn: 'warning' }).raw().toBuffer()
}

function sizeOfTile(page: TiffPage): [width: number, height: number] {
  return [numbersOfTag(page, pageTags.tileWidth)[0] ?? 0, numbersOfTag(page, pageTags.tileLength)[0] ?? 0]
}

const replaced: readonly number[] = [
  ...[pageTags.compression, pageTags.tileOffsets, pageTags.tileByteCounts],
  ...[pageTags.jpegTables, pageTags.predictor],
]

function entriesOf(page: TiffPage, tiles: readonly { at: number; bytes: number }[]) {
  return [
    ...page.directory.entries.filter(({ tag }) => !replaced.includes(tag)),
    shortsEntry(pageTags.compression, compressions.deflate),
    longsEntry(pageTags.tileOffsets, ...tiles.map(({ at }) => at)),
    longsEntry(pageTags.tileByteCounts, ...tiles.map(({ bytes }) => bytes)),
  ]
}
