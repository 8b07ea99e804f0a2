import { UnusableImage } from '../../unusable-image.ts'
import { numbersOfTag, pageTags, type TiffPage } from '../tiff-page.ts'

/** Whether libvips reads tiles of this size: multiples of 16, and not much larger than the page (tiff2vips.c). */
export function hasReadableTiles(page: TiffPage): boolean {
  const longestSide = Math.max(page.width, page.height)
  const most = Math.min(256 * Math.ceil((2 * longestSide) / 256), 8192)
  return !page.isTiled || sidesOf(page).every(side => side % 16 === 0 && side <= most)
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
