import { isFrame, markers } from '../../permute/jpeg/jpeg-markers.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { endOfScanData } from './next-marker.ts'
import { segmentsOf } from './segments.ts'

/** The height in a frame header, after the bits of a sample (T.81, B.2.2). */
const heightAt = 1

/**
 * A JPEG with its height in the frame header. Scanners may declare 0 there and append the height to the first scan, in a
 * segment DNL (T.81, B.2.5), which no decoder here supports: it becomes fill bytes. The file itself if it has no such
 * segment.
 */
export function withHeight(jpeg: Uint8Array, height: number): Uint8Array {
  let frame: Uint8Array | undefined
  for (const { marker, data, end } of segmentsOf(jpeg)) {
    if (isFrame(marker)) frame = data
    if (marker !== markers.startOfScan) continue
    if (frame?.[heightAt] !== 0 || frame[heightAt + 1] !== 0) return jpeg
    const changed = Buffer.from(jpeg)
    const at = endOfScan(changed, end)
    if (at === undefined || changed[at + 1] !== markers.numberOfLines) return jpeg
    changed.writeUInt16BE(height, frame.byteOffset - jpeg.byteOffset + heightAt)
    return changed.fill(0xff, at, at + segmentBytes)
  }
  return jpeg
}

/** A marker, its length, and the number of lines. */
const segmentBytes = 6

function endOfScan(jpeg: Buffer, from: number): number | undefined {
  try {
    return endOfScanData(jpeg, from)
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}
