import { deflateSync } from 'node:zlib'
import { deflateKernel } from './deflate-kernel.ts'
import { allowance, suitsRuns, zlibHeader, zlibTrailer } from './deflate-scanlines.ts'
import type { ScanlineWalk, SubFilter } from './scanlines.ts'

/**
 * Compresses the scanlines of an image of at most `partBytes` into one zlib stream. A trial would take as long as the rest
 * of the work. Instead, the result of `runs` is compared with the zlib stream of the input, whose encoder has tried to find
 * matches: a result that is larger is made by `matches`. Only if that encoder was a fast one, which may have found few
 * matches or none, there is a trial.
 *
 * `walk` and `subFilter` are at the start of the scanlines.
 */
export function deflateSmall(
  scanlines: Uint8Array,
  walk: ScanlineWalk,
  subFilter: SubFilter,
  input: Uint8Array,
): Uint8Array {
  if (isOfFastEncoder(input) && !suitsRuns(scanlines, walk, subFilter)) return deflatedByMatches(scanlines)
  const kernel = deflateKernel()
  subFilter.isOn = true
  const filtered = kernel.fill(scanlines)
  walk.visit(filtered, subFilter)
  const sum = kernel.adler32(filtered.length, 1)
  const runs = kernel.deflate(filtered.length)
  if (runs.length > allowance * input.length) return deflatedByMatches(scanlines)
  return Buffer.concat([zlibHeader, runs, zlibTrailer(sum)])
}

/**
 * FLEVEL is 0 (RFC 1950, 2.2), the fastest algorithm. zlib writes this at the levels 0 and 1, and if it may find only runs
 * or nothing.
 */
function isOfFastEncoder(stream: Uint8Array): boolean {
  return (stream[1] as number) >> 6 === 0
}

function deflatedByMatches(scanlines: Uint8Array): Uint8Array {
  return deflateSync(scanlines, { level: 6, memLevel: 9 })
}
