import type { OutputFormat } from '@darkroom/contracts'
import type { Raster } from '../raster/raster.ts'
import { UnusableImage } from '../unusable-image.ts'

/**
 * The pages of a document as the frames of an animation, if they are alike.
 *
 * @throws UnusableImage that names the first page that differs, and how
 */
export function framesOfPages(pages: Raster[], format: OutputFormat): Raster[] {
  const difference = differenceOf(pages)
  if (difference === undefined) return pages
  const message = `${difference}: frames of ${format} must be alike; format:tiff keeps pages as they are`
  throw new UnusableImage('pages-differ', message)
}

/** How a page differs from the first; undefined if all are alike. */
export function differenceOf(pages: readonly Raster[]): string | undefined {
  const [first] = pages as [Raster]
  for (const [index, page] of pages.entries()) {
    for (const describe of [sizeOf, depthOf, kindOf]) {
      const [own, other] = [describe(page), describe(first)]
      if (own !== other) return `page ${index + 1} ${own}, page 1 ${other}`
    }
  }
  return undefined
}

const sizeOf = ({ width, height }: Raster) => `has ${width} x ${height} pixels`
const depthOf = ({ bits }: Raster) => `has ${bits} bits a sample`
const kindOf = ({ channels, isGrey }: Raster) =>
  `is ${isGrey ? 'grey' : 'in colours'} ${channels === 4 ? 'with' : 'without'} transparency`
