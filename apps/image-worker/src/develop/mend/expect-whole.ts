import type { ImageHeader } from '@darkroom/image-header'
import { followJpeg } from '../../permute/jpeg/cut-jpeg.ts'
import { DamagedScan, NotWellFormed } from '../../permute/not-well-formed.ts'
import { UnusableImage } from '../unusable-image.ts'
import { followScans } from './mend-jpeg.ts'

/**
 * Expects the codes of a JPEG to be whole. Decoders warn where they are not, but libvips hears no warning of the last rows that
 * it decodes: of eight rows, or of 64 where it decodes at a smaller size. What can't be followed (arithmetic coding) is left
 * to the decoder.
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
