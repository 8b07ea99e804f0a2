import { withJpegKernel } from '../../permute/jpeg/jpeg-kernel.ts'
import { isStandalone, markers } from '../../permute/jpeg/jpeg-markers.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { fill } from '../jpeg/next-marker.ts'
import { segmentsOf } from '../jpeg/segments.ts'
import { ApplicationData } from './application-data.ts'
import { fillStrays } from './fill-strays.ts'
import { ScanMender } from './scan-mender.ts'

/**
 * A copy of a JPEG without the oddities that decoders warn about although no sample depends on them (ITU-T T.81, JFIF 1.02):
 *
 *     stray bytes between segments and before the markers of a scan -> fill bytes (FF)
 *     a sequential scan whose range is all zeros                    -> the whole spectrum
 *     a major version of JFIF other than 1                          -> 1
 *     a transform of colours that Adobe doesn't define              -> the transform that libjpeg assumes
 *
 * No byte moves, and no coded data change: a strict decoder decides whether they are complete and valid. `tables` is a
 * stream with the Huffman tables for a JPEG that has none (TIFF's JPEGTables).
 *
 * Undefined if there is nothing to mend, or if a part or the end of the image is missing.
 */
export function mendJpeg(jpeg: Uint8Array, tables: Uint8Array = new Uint8Array()): Uint8Array | undefined {
  const bytes = Buffer.from(jpeg)
  try {
    mendBytes(bytes, tables)
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
  return bytes.equals(jpeg) ? undefined : bytes
}

/**
 * Follows the codes of all scans of a JPEG to their end, as far as the kernel can. Returns whether it followed all.
 *
 * @throws DamagedScan if codes are missing or damaged; NotWellFormed if the segments are
 */
export function followScans(jpeg: Uint8Array, tables: Uint8Array = new Uint8Array()): boolean {
  return mendBytes(Buffer.from(jpeg), tables, { followsAll: true })
}

/**
 * The end of the coded data of a JPEG whose end marker may be missing. If a single scan has the whole image, anything may
 * follow it. Undefined if the codes can't be followed.
 *
 * @throws DamagedScan if codes are missing or damaged; NotWellFormed if the segments are
 */
export function endOfScans(jpeg: Uint8Array): number | undefined {
  const bytes = Buffer.from(jpeg)
  return withJpegKernel(kernel => {
    const scans = new ScanMender(kernel, bytes, { followsAll: true, findsEnd: true })
    let end = mendSegments(bytes, scans, { endsWithImage: true })
    // Strays are fill bytes now; codes don't end with FF.
    while (bytes[end - 1] === fill) end -= 1
    return scans.areFollowed ? end : undefined
  })
}

/** Returns whether the codes of all scans were followed. */
function mendBytes(bytes: Buffer, tables: Uint8Array, options = { followsAll: false }): boolean {
  return withJpegKernel(kernel => {
    const scans = new ScanMender(kernel, bytes, options)
    for (const { marker, data } of segmentsOf(tables)) scans.take(marker, Buffer.from(data))
    mendSegments(bytes, scans)
    return scans.areFollowed
  })
}

/**
 * Returns the position after the last segment or scan before the end marker. With `endsWithImage`, it doesn't look beyond
 * a scan that has the whole image.
 *
 * @throws NotWellFormed when the segments don't lead to the end of the image
 */
function mendSegments(bytes: Buffer, scans: ScanMender, { endsWithImage = false } = {}): number {
  const application = new ApplicationData()
  let next = 2
  let { marker, after } = fillStrays(bytes, next)
  while (marker !== markers.endOfImage) {
    if (isStandalone(marker))
      throw new NotWellFormed('there is a marker outside of a scan that is only allowed inside')
    const end = after + 2 > bytes.length ? 0 : after + bytes.readUInt16BE(after)
    if (end < after + 2 || end > bytes.length) throw new NotWellFormed('the length of a segment is invalid')
    const data = bytes.subarray(after + 2, end)
    next = end
    if (marker === markers.startOfScan) {
      application.mend(scans.components)
      next = scans.mend(data, end)
      if (endsWithImage && scans.isComplete) return next
    } else {
      application.take(marker, data)
      scans.take(marker, data)
    }
    ;({ marker, after } = fillStrays(bytes, next))
  }
  scans.end()
  return next
}
