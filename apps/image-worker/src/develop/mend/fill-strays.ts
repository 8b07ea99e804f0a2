import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { fill, nextMarker } from '../jpeg/next-marker.ts'

/**
 * Finds the next marker at or after this byte, and overwrites all bytes before it with fill bytes.
 *
 * @throws NotWellFormed when no marker follows, or when a whole segment lost its marker
 */
export function fillStrays(bytes: Buffer, from: number): { marker: number; after: number } {
  const { marker, after } = nextMarker(bytes, from)
  const strays = bytes.subarray(from, after - 1)
  if (isDamagedSegment(strays)) throw new NotWellFormed('the marker of a segment is damaged')
  strays.fill(fill)
  return { marker, after }
}

/**
 * Whether the bytes begin like a segment except for the first byte, which should be FF. Some phones write an
 * unimportant segment with a zero there; any other value means that a segment is lost.
 */
function isDamagedSegment(strays: Buffer): boolean {
  const [first = 0, marker = 0] = strays
  const isLost = first !== 0 && first !== fill && marker >= markers.baselineFrame && marker !== fill
  return isLost && strays.length >= 4 && strays.readUInt16BE(2) + 2 <= strays.length
}
