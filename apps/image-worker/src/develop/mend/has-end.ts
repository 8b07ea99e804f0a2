import { isStandalone, markers } from '../../permute/jpeg/jpeg-markers.ts'

/** Whether the marker EOI follows the segments and scans of a JPEG, in any coding. */
export function hasEnd(jpeg: Uint8Array): boolean {
  for (let at = jpeg.indexOf(0xff, 2); at !== -1; at = jpeg.indexOf(0xff, at)) {
    const marker = jpeg[at + 1]
    if (marker === markers.endOfImage) return true
    if (marker === undefined) return false
    // Zero follows FF in coded data, and fill bytes come before markers.
    if (marker === 0xff) at += 1
    else if (marker === 0 || isStandalone(marker)) at += 2
    else at += 2 + Math.max(2, (jpeg[at + 2] ?? 0) * 256 + (jpeg[at + 3] ?? 0))
  }
  return false
}
