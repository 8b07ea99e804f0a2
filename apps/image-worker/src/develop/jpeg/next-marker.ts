import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'

/** The fill byte, which is allowed before any marker (T.81, B.1.1.2). */
export const fill = 0xff

/** The position of the marker that ends a scan's data: the first that is not an RST. */
export function endOfScanData(bytes: Buffer, from: number): number {
  for (let at = from; ; ) {
    const { marker, after } = nextMarker(bytes, at)
    if (marker < markers.restart0 || marker >= markers.startOfImage) return after - 2
    at = after
  }
}

/**
 * The next marker at or after this byte, as libjpeg finds it (jdmarker.c, next_marker), and the position after it.
 *
 * @throws NotWellFormed when no marker follows
 */
export function nextMarker(bytes: Buffer, from: number): { marker: number; after: number } {
  for (let at = bytes.indexOf(fill, from); at !== -1; at = bytes.indexOf(fill, at)) {
    while (bytes[at] === fill) at += 1
    const marker = bytes[at]
    if (marker === undefined) break
    if (marker !== 0) return { marker, after: at + 1 }
  }
  throw new NotWellFormed('the file ends too early')
}
