import { NotWellFormed } from '../../../permute/not-well-formed.ts'
import { withDirectories } from '../edit-tiff.ts'
import { type JpegStream, takeStreamApart } from '../jpeg-stream.ts'
import { compressions, numbersOfTag, pageTags, photometrics, type TiffPage, tiffPages } from '../tiff-page.ts'
import { shortsEntry } from '../tiff-writer.ts'

/**
 * A copy of a TIFF whose pages of JPEG declare the chroma subsampling of their JPEGs; the file itself if they do. Scanners
 * and microscopes often leave out the tag, which then means 2, 2. libtiff corrects a missing tag, but warns about it as
 * about damage, and refuses a wrong tag.
 */
export function withChromaSubsampling(tiff: Uint8Array): Uint8Array {
  const changed = tiffPages(tiff).flatMap(page => {
    const factors = factorsOf(tiff, page)
    const [across = 2, down = 2] = numbersOfTag(page, pageTags.chromaSubsampling)
    if (!factors || (factors.horizontal === across && factors.vertical === down)) return []
    const { directory } = page
    const others = directory.entries.filter(({ tag }) => tag !== pageTags.chromaSubsampling)
    const own = shortsEntry(pageTags.chromaSubsampling, factors.horizontal, factors.vertical)
    return [{ directory, entries: [...others, own] }]
  })
  return changed.length === 0 ? tiff : withDirectories(tiff, changed)
}

/** TIFF 6.0, section 21: the tag can hold no other factors. */
const possible: readonly number[] = [1, 2, 4]

/** The factors of the first JPEG, as libtiff reads them; undefined if the tag doesn't apply to the page. */
function factorsOf(tiff: Uint8Array, page: TiffPage): JpegStream | undefined {
  const { compression, photometric, samplesPerPixel, isPlanar, segments } = page
  const [segment] = segments
  const isYCbCr = photometric === photometrics.yCbCr && samplesPerPixel === 3
  if (compression !== compressions.jpeg || !isYCbCr || isPlanar || !segment) return undefined
  try {
    const stream = takeStreamApart(tiff.subarray(segment.at, segment.at + segment.bytes))
    return [stream.horizontal, stream.vertical].every(factor => possible.includes(factor))
      ? stream
      : undefined
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}
