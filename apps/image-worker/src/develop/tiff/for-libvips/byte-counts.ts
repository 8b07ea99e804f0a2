import { withDirectories } from '../edit-tiff.ts'
import { TiffReader } from '../tiff-directory.ts'
import { entryOf, pageTags, type TiffPage, tiffPages } from '../tiff-page.ts'
import { longsEntry } from '../tiff-writer.ts'
import { isUnwritten } from './unwritten-segments.ts'

/**
 * A copy of a TIFF with the byte counts of strips and tiles that are missing or 0, as old programs write them; the file
 * itself if no count is missing. A strip is assumed to end where the next strip or directory of the file begins, because
 * decoders ignore bytes after its end. libtiff would guess only for a page of one strip, and warn.
 */
export function withByteCounts(tiff: Uint8Array): Uint8Array {
  const pages = tiffPages(tiff)
  const incomplete = pages.filter(lacksByteCounts)
  if (incomplete.length === 0) return tiff
  const directories = TiffReader.of(tiff)?.directories() ?? []
  const starts = [
    tiff.length,
    ...directories.map(({ at }) => at),
    ...pages.flatMap(({ segments }) => segments.map(({ at }) => at)),
  ].sort((one, other) => one - other)
  const changed = incomplete.map(page => {
    const { directory, segments } = page
    const tag = tagOf(page)
    const counts = segments.map(segment =>
      isKnown(segment, page) ? segment.bytes : endOf(segment.at, starts) - segment.at,
    )
    const others = directory.entries.filter(entry => entry.tag !== tag)
    return { directory, entries: [...others, longsEntry(tag, ...counts)] }
  })
  return withDirectories(tiff, changed)
}

function lacksByteCounts(page: TiffPage): boolean {
  return page.segments.some(segment => !isKnown(segment, page))
}

/** Whether the page has the byte count of a segment. Only a declared 0 means that the segment is left out. */
function isKnown(segment: TiffPage['segments'][number], page: TiffPage): boolean {
  return segment.bytes > 0 || (isUnwritten(segment) && entryOf(page, tagOf(page)) !== undefined)
}

function tagOf({ isTiled }: TiffPage): number {
  return isTiled ? pageTags.tileByteCounts : pageTags.stripByteCounts
}

/** The first start after a position, by bisection; the position itself if it is outside the file. */
function endOf(at: number, starts: readonly number[]): number {
  let [from, to] = [0, starts.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((starts[middle] ?? 0) > at) to = middle
    else from = middle + 1
  }
  return starts[from] ?? at
}
