import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'

/** The fill byte, which is allowed before any marker (T.81, B.1.1.2). */
export const fill = 0xff

/**
 * Finds the next marker at or after this byte as libjpeg does (jdmarker.c, next_marker), and overwrites all bytes
 * before it with fill bytes.
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

/** The position of the marker that ends a scan's data: the first that is not an RST. */
export function endOfScanData(bytes: Buffer, from: number): number {
  for (let at = from; ; ) {
    const { marker, after } = nextMarker(bytes, at)
    if (marker < markers.restart0 || marker >= markers.startOfImage) return after - 2
    at = after
  }
}

function nextMarker(bytes: Buffer, from: number): { marker: number; after: number } {
  for (let at = bytes.indexOf(fill, from); at !== -1; at = bytes.indexOf(fill, at)) {
    while (bytes[at] === fill) at += 1
    const marker = bytes[at]
    if (marker === undefined) break
    if (marker !== 0) return { marker, after: at + 1 }
  }
  throw new NotWellFormed('the file ends too early')
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
