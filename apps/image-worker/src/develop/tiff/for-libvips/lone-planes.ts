import { overwriteNumbers } from '../edit-tiff.ts'
import { entryOf, pageTags, type TiffPage, tiffPages } from '../tiff-page.ts'

const together = 1

/**
 * A copy of a TIFF in which tiled pages of one sample a pixel don't declare separate planes; the file itself if it has
 * none. With one sample, both arrangements are the same (TIFF 6.0, section 8), but libvips refuses separate planes of tiles.
 */
export function withoutLonePlanes(tiff: Uint8Array): Uint8Array {
  const pages = tiffPages(tiff).filter(isLone)
  if (pages.length === 0) return tiff
  const copy = Buffer.from(tiff)
  for (const page of pages) {
    const entry = entryOf(page, pageTags.planarConfiguration)
    if (entry) overwriteNumbers(copy, entry, [together])
  }
  return copy
}

function isLone({ isPlanar, isTiled, samplesPerPixel }: TiffPage): boolean {
  return isPlanar && isTiled && samplesPerPixel === 1
}
