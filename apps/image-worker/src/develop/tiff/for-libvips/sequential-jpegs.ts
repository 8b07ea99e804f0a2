import type { ImageHeader } from '@darkroom/image-header'
import { sequentialJpeg } from '../../../permute/jpeg/sequential-jpeg.ts'
import { NotWellFormed } from '../../../permute/not-well-formed.ts'
import { AddedParts, type NewDirectory, withDirectories } from '../edit-tiff.ts'
import { jpegsOf, takeStreamApart } from '../jpeg-stream.ts'
import { compressions, pageTags, type TiffPage, tiffPages } from '../tiff-page.ts'
import { longsEntry } from '../tiff-writer.ts'

/**
 * A TIFF whose JPEGs are sequential where they were progressive, with the same coefficients; the file itself if none is
 * progressive. libtiff warns about progressive JPEGs, as about damage, but older versions of sharp write them. The new JPEGs
 * are at the end of the file. Awaits `reserve` before it takes memory.
 */
export async function withSequentialJpegs(
  tiff: Uint8Array,
  { unpackedBytes }: Pick<ImageHeader, 'unpackedBytes'>,
  reserve: (bytes: number) => Promise<void>,
): Promise<Uint8Array> {
  const pages = tiffPages(tiff).filter(page => hasProgressive(tiff, page))
  if (pages.length === 0) return tiff
  await reserve(3 * unpackedBytes + 4 * tiff.length)
  const added = new AddedParts(tiff)
  const changed: NewDirectory[] = []
  for (const page of pages) {
    const jpegs = sequentialJpegsOf(tiff, page)
    // The decoder reports damage.
    if (!jpegs) return tiff
    const offsets = jpegs.map(jpeg => added.append(jpeg))
    changed.push({ directory: page.directory, entries: entriesOf(page, offsets, jpegs) })
  }
  return withDirectories(tiff, changed, added)
}

/** Looks only at the first JPEG, because all JPEGs of a page come from one encoder. */
function hasProgressive(tiff: Uint8Array, { compression, segments }: TiffPage): boolean {
  const [first] = segments
  // If strips overlapped, they would be read again and again.
  const isApart = segments.reduce((sum, { bytes }) => sum + bytes, 0) <= tiff.length
  if (compression !== compressions.jpeg || !first || !isApart) return false
  try {
    return takeStreamApart(tiff.subarray(first.at, first.at + first.bytes)).isProgressive
  } catch (error) {
    if (error instanceof NotWellFormed) return false
    throw error
  }
}

/** Each with all its tables; undefined if one of them can't be read. */
function sequentialJpegsOf(tiff: Uint8Array, page: TiffPage): Uint8Array[] | undefined {
  try {
    return jpegsOf(tiff, page).map(sequentialJpeg)
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}

function entriesOf(page: TiffPage, offsets: readonly number[], jpegs: readonly Uint8Array[]) {
  const [offsetsTag, byteCountsTag] = page.isTiled
    ? [pageTags.tileOffsets, pageTags.tileByteCounts]
    : [pageTags.stripOffsets, pageTags.stripByteCounts]
  const replaced: readonly number[] = [offsetsTag, byteCountsTag, pageTags.jpegTables]
  return [
    ...page.directory.entries.filter(({ tag }) => !replaced.includes(tag)),
    longsEntry(offsetsTag, ...offsets),
    longsEntry(byteCountsTag, ...jpegs.map(jpeg => jpeg.length)),
  ]
}
