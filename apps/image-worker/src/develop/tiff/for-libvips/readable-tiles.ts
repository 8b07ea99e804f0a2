import { UnusableImage } from '../../unusable-image.ts'
import { numbersOfTag, pageTags, type TiffPage } from '../tiff-page.ts'

/**
 * libvips follows a list of all tiles in a row for each of them (tilecache.c): 12 500 tiles take 2 s, 25 000 take 29 s,
 * in native code that can't be interrupted.
 */
const mostAcross = 2000

/**
 * Whether libvips reads tiles of this size, in a time that doesn't grow out of proportion: multiples of 16, not much
 * larger than the page (tiff2vips.c), and not too small for its width.
 */
export function hasReadableTiles(page: TiffPage): boolean {
  const longestSide = Math.max(page.width, page.height)
  const most = Math.min(256 * Math.ceil((2 * longestSide) / 256), 8192)
  if (!page.isTiled) return true
  const [width = 0] = sidesOf(page)
  return sidesOf(page).every(side => side % 16 === 0 && side <= most) && page.width <= mostAcross * width
}

/**
 * Checks that libvips reads tiles of this size, after `withPlainSamples` has rewritten the pages that it can unpack.
 *
 * @throws UnusableImage
 */
export function expectReadableTiles(page: TiffPage): void {
  if (hasReadableTiles(page)) return
  const size = sidesOf(page).join(' x ')
  const words = `tiles of ${size} pixels are not supported in this TIFF of ${page.width} x ${page.height} pixels and this compression (${page.compression}): save the TIFF with strips, or with tiles that fit`
  throw new UnusableImage('unsupported-image', words)
}

function sidesOf(page: TiffPage): number[] {
  return [pageTags.tileWidth, pageTags.tileLength].map(tag => numbersOfTag(page, tag)[0] ?? 0)
}
