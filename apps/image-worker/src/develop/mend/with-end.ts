import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { hasEnd } from './has-end.ts'
import { followScans } from './mend-jpeg.ts'

/**
 * A JPEG with the marker EOI, which some cameras leave out. The file itself if it has the marker, or if codes may be
 * missing, too.
 */
export function withEnd(jpeg: Uint8Array): Uint8Array {
  if (hasEnd(jpeg)) return jpeg
  const ended = Buffer.concat([jpeg, Uint8Array.of(0xff, markers.endOfImage)])
  try {
    return followScans(ended) ? ended : jpeg
  } catch (error) {
    if (error instanceof NotWellFormed) return jpeg
    throw error
  }
}
