import type { ImageHeader } from '@darkroom/image-header'
import { followJpeg } from '../../permute/jpeg/cut-jpeg.ts'
import { DamagedScan, NotWellFormed } from '../../permute/not-well-formed.ts'
import { UnusableImage } from '../unusable-image.ts'
import { followScans } from './mend-jpeg.ts'

/**
 * Expects the codes of a JPEG to be whole. libvips misses warnings about the last rows it decodes: the last 8, or 64 when it
 * decodes at a smaller size. Not checked, but left to the decoder: arithmetic coding, files without Huffman tables, and
 * progressive files whose coefficients take more than 1 GiB.
 *
 * @throws UnusableImage
 */
export function expectWhole(
  input: Uint8Array,
  { format, progressive }: Pick<ImageHeader, 'format' | 'progressive'>,
): void {
  if (format !== 'jpeg' || (!progressive && isFollowed(input))) return
  try {
    followScans(input)
  } catch (cause) {
    if (cause instanceof DamagedScan)
      throw new UnusableImage('undecodable-image', `the JPEG is cut off or damaged: ${cause.message}`, {
        cause,
      })
    if (!(cause instanceof NotWellFormed)) throw cause
  }
}

/** Whether nothing is wrong with it: the quick way, which most JPEGs take. */
function isFollowed(jpeg: Uint8Array): boolean {
  try {
    followJpeg(jpeg)
    return true
  } catch (error) {
    if (error instanceof NotWellFormed) return false
    throw error
  }
}
