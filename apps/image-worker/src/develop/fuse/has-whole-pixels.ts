import { pngSignature } from '../../permute/png/chunks.ts'
import { isIntact, pngChunks } from '../png/png-chunks.ts'

/**
 * Whether all pixels of a PNG are present, with right CRCs, and IEND comes after them. For calls that don't decode all rows:
 * the decoder stops at the last row that is needed.
 */
export function hasWholePixels(png: Uint8Array): boolean {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.length)
  let end = pngSignature.length
  for (const chunk of pngChunks(bytes)) {
    if (chunk.type === 'IDAT' && !isIntact(bytes, chunk)) return false
    end = chunk.to
  }
  return end + 12 <= bytes.length && bytes.toString('latin1', end + 4, end + 8) === 'IEND'
}
