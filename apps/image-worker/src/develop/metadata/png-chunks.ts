import { deflateSync } from 'node:zlib'
import { encodeChunk, pngSignature } from '../../permute/png-chunks.ts'
import { colourChunks } from '../colour/png-colour.ts'
import type { CarriedMetadata } from '../raster.ts'
import { withoutPrefix } from './exif.ts'

/** Signature and IHDR, which comes first. */
const headBytes = pngSignature.length + 25

/** Puts metadata into a PNG behind its header (PNG third edition, 11.3.2 for colours, 11.3.4.5 eXIf, 11.3.3.4 iTXt). */
export function attachToPng(png: Uint8Array, { icc, colour, exif, xmp }: CarriedMetadata): Uint8Array {
  const text = (latin1: string) => Buffer.from(latin1, 'latin1')
  const chunks = [
    ...(colour ? colourChunks(colour).map(({ type, data }) => encodeChunk(type, data)) : []),
    ...(icc ? [encodeChunk('iCCP', text('ICC profile\0\0'), deflateSync(icc))] : []),
    ...(exif ? [encodeChunk('eXIf', withoutPrefix(exif))] : []),
    ...(xmp ? [encodeChunk('iTXt', text('XML:com.adobe.xmp\0\0\0\0\0'), xmp)] : []),
  ]
  return Buffer.concat([png.subarray(0, headBytes), ...chunks, png.subarray(headBytes)])
}
