import { isStandalone, markers } from '../../permute/jpeg/jpeg-markers.ts'

/** A segment before the first scan: the second byte of its marker, and the data after its length. */
export interface Segment {
  readonly marker: number
  readonly data: Uint8Array
  /** The position in the file where the segment ends. */
  readonly end: number
}

/**
 * The segments up to the header of the first scan, or the end (ITU-T T.81, B.1). Like decoders, skips other bytes
 * between two segments.
 */
export function* segmentsOf(jpeg: Uint8Array): Generator<Segment> {
  for (let at = jpeg.indexOf(0xff, 2); at !== -1 && at + 4 <= jpeg.length; at = jpeg.indexOf(0xff, at)) {
    const marker = jpeg[at + 1] ?? 0
    if (marker === markers.endOfImage) return
    // Fill bytes, and markers without a segment.
    if (marker < markers.baselineFrame || marker === 0xff || isStandalone(marker)) {
      at += marker === 0xff ? 1 : 2
      continue
    }
    const end = at + 2 + (jpeg[at + 2] ?? 0) * 256 + (jpeg[at + 3] ?? 0)
    yield { marker, data: jpeg.subarray(at + 4, end), end }
    if (marker === markers.startOfScan) return
    at = Math.max(end, at + 4)
  }
}

/** The most bytes that a segment can hold. */
export const maxSegmentBytes = 65_533

/** @throws RangeError for more bytes than a segment can hold */
export function encodeSegment(marker: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 2)
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(length, 2)
  return Buffer.concat([head, ...parts])
}
