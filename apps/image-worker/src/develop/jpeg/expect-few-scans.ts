import { isStandalone, markers } from '../../permute/jpeg/jpeg-markers.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { UnusableImage } from '../unusable-image.ts'
import { endOfScanData } from './next-marker.ts'
import { segmentsOf } from './segments.ts'

/**
 * Encoders write about ten scans. libjpeg reads a scan of 50 megapixels in at least 16 ms, even if the scan changes
 * nothing, and can't be interrupted: 64 MiB of such scans would take hours.
 */
const maxScans = 500

/**
 * Checks a JPEG of several scans before a decoder reads them.
 *
 * @throws UnusableImage for a JPEG of more than 500 scans
 */
export function expectFewScans(jpeg: Uint8Array): void {
  const bytes = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength)
  const first = [...segmentsOf(jpeg)].at(-1)
  if (first?.marker !== markers.startOfScan) return
  let scans = 1
  try {
    for (let at = first.end; ; ) {
      const end = endOfScanData(bytes, at)
      const marker = bytes[end + 1] ?? 0
      if (marker === markers.endOfImage || end + 4 > bytes.length) return
      if (marker === markers.startOfScan) scans += 1
      if (scans > maxScans)
        throw new UnusableImage(
          'unsupported-image',
          `the JPEG has more than ${maxScans} scans: save it again`,
        )
      at = end + 2 + (isStandalone(marker) ? 0 : Math.max(bytes.readUInt16BE(end + 2), 2))
    }
  } catch (error) {
    // Without an end marker: decoders may accept it.
    if (!(error instanceof NotWellFormed)) throw error
  }
}
