import { unpackHeicCost } from './heic/unpack-heic.ts'
import { largestSize } from './plan.ts'
import { tiffPages } from './tiff/tiff-page.ts'
import { UnusableImage } from './unusable-image.ts'
import type { Job } from './ways/way.ts'

/** Larger rasters are not held in memory where there is another way. */
export const maxHeldBytes = 100 * 1024 * 1024

/**
 * The bytes of memory that an image takes whose rasters are held while it is developed, roughly.
 *
 * @throws UnusableImage when a step makes more of it than a limit allows
 */
export function heldBytes(job: Job): number {
  return Math.max(decodingBytes(job), 2 * largestBytes(job))
}

/**
 * The raster itself and a copy on its way in or out; all coefficients of a progressive JPEG, twice the size of its
 * samples, and all rows of an interlaced PNG, are held on top.
 */
function decodingBytes({ input, header }: Job): number {
  const { unpackedBytes, progressive, format } = header
  if (format === 'heic') return unpackHeicCost(input, header) + unpackedBytes
  return unpackedBytes * (progressive ? 4 : 2)
}

/** The bytes of all frames where the steps make them largest: with colours, which any step may add. */
function largestBytes({ input, header, plan: { steps, addsTransparency }, limits }: Job): number {
  const { bitsPerSample, channels, frames } = header
  const sizes = header.format === 'tiff' ? tiffPages(input) : [header]
  const repeated = header.format === 'tiff' ? 1 : frames
  const pixels = sizes.reduce((sum, { width, height, orientation }) => {
    const upright = orientation >= 5 ? { width: height, height: width } : { width, height }
    const largest = largestSize(upright, steps)
    return sum + repeated * largest.width * largest.height
  }, 0)
  if (pixels > limits.maxPixels) {
    const words = `an operation makes ${pixels} pixels of the image; at most ${limits.maxPixels} are taken`
    throw new UnusableImage('too-many-pixels', words)
  }
  const bytes = pixels * Math.max(channels, addsTransparency ? 4 : 3) * (bitsPerSample > 8 ? 2 : 1)
  if (steps.length > 0 && bytes > limits.maxUnpackedBytes) {
    const words = `the image takes ${bytes} bytes while it is developed; at most ${limits.maxUnpackedBytes} are taken`
    throw new UnusableImage('too-many-pixels', words)
  }
  return bytes
}
