import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { hasEnd } from './has-end.ts'
import { endOfScans } from './mend-jpeg.ts'

/**
 * A JPEG with the marker EOI. Some cameras leave it out, also when they append a video (Samsung). The file itself if it
 * has the marker, or if codes may be missing as well.
 */
export function withEnd(jpeg: Uint8Array): Uint8Array {
  if (hasEnd(jpeg)) return jpeg
  const marker = Uint8Array.of(0xff, markers.endOfImage)
  try {
    const end = endOfScans(Buffer.concat([jpeg, marker]))
    return end === undefined ? jpeg : Buffer.concat([jpeg.subarray(0, end), marker])
  } catch (error) {
    if (error instanceof NotWellFormed) return jpeg
    throw error
  }
}
