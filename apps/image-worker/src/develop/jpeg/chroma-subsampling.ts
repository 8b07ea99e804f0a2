import { isFrame } from '../../permute/jpeg/jpeg-markers.ts'
import { segmentsOf } from './segments.ts'

/** Where a frame header has the sampling factors of its first three components, in a byte each (T.81, B.2.2). */
const factorsAt = [7, 10, 13]

/**
 * Whether the colours of a JPEG are subsampled in any way; undefined for a file without a frame header. libvips reads only
 * whether a factor exceeds 1, but factors of 2 in all components are 4:4:4, too.
 */
export function chromaSubsampling(jpeg: Uint8Array): '4:4:4' | '4:2:0' | undefined {
  const frame = [...segmentsOf(jpeg)].find(({ marker }) => isFrame(marker))
  if (!frame) return undefined
  const [luma, ...chroma] = factorsAt.map(at => frame.data[at])
  return chroma.every(factors => factors === undefined || factors === luma) ? '4:4:4' : '4:2:0'
}
