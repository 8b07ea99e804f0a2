import { deflateSync } from 'node:zlib'
import { deflateKernel } from './deflate-kernel.ts'
import { allowance, zlibHeader, zlibTrailer } from './deflate-scanlines.ts'
import type { ScanlineWalk, SubFilter } from './scanlines.ts'

/**
 * Compresses the scanlines of an image of at most `partBytes` into one zlib stream. A trial would take as long as the rest
 * of the work. Instead, the result of `runs` is compared with the input, whose encoder has tried to find matches: a result
 * that is larger is made by `matches`.
 *
 * `walk` and `subFilter` are at the start of the scanlines.
 */
export function deflateSmall(
  scanlines: Uint8Array,
  walk: ScanlineWalk,
  subFilter: SubFilter,
  compressedBytes: number,
): Uint8Array {
  const kernel = deflateKernel()
  subFilter.isOn = true
  const filtered = kernel.fill(scanlines)
  walk.visit(filtered, subFilter)
  const sum = kernel.adler32(filtered.length, 1)
  const runs = kernel.deflate(filtered.length)
  if (runs.length > allowance * compressedBytes) return deflateSync(scanlines, { level: 6, memLevel: 9 })
  return Buffer.concat([zlibHeader, runs, zlibTrailer(sum)])
}
