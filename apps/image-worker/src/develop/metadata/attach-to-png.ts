import { deflateSync } from 'node:zlib'
import { encodeChunk, pngSignature } from '../../permute/png/chunks.ts'
import { colourChunks } from '../colour/png-colour.ts'
import { pngChunks } from '../png/png-chunks.ts'
import { exifBytes } from './exif.ts'
import { inUnit, inWholeNumbers, type Resolution } from './resolution.ts'
import type { WrittenMetadata } from './written-metadata.ts'

/** The length of the signature and IHDR, which comes first. */
const headBytes = pngSignature.length + 25

/**
 * Puts metadata into a PNG after its header (PNG third edition, 11.3.2 for colours, 11.3.4.3 pHYs, 11.3.4.5 eXIf,
 * 11.3.3.4 iTXt). sharp always writes a resolution, even if the original has none.
 */
export function attachToPng(
  png: Uint8Array,
  { icc, colour, exif, xmp, resolution }: WrittenMetadata,
): Uint8Array {
  const text = (latin1: string) => Buffer.from(latin1, 'latin1')
  const added = [
    ...(colour ? colourChunks(colour).map(({ type, data }) => encodeChunk(type, data)) : []),
    ...(icc ? [encodeChunk('iCCP', text('ICC profile\0\0'), deflateSync(icc))] : []),
    ...(resolution ? resolutionChunk(resolution) : []),
    ...(exif ? [encodeChunk('eXIf', exifBytes(exif))] : []),
    ...(xmp ? [encodeChunk('iTXt', text('XML:com.adobe.xmp\0\0\0\0\0'), xmp)] : []),
  ]
  const own = resolutionIn(png)
  if (isUnchanged(added, own && png.subarray(own.from, own.to))) return png
  const kept = own ? [png.subarray(headBytes, own.from), png.subarray(own.to)] : [png.subarray(headBytes)]
  return Buffer.concat([png.subarray(0, headBytes), ...added, ...kept])
}

function isUnchanged(added: readonly Uint8Array[], own: Uint8Array | undefined): boolean {
  const [only] = added
  if (!own || !only) return !own && !only
  return added.length === 1 && Buffer.compare(only, own) === 0
}

/** The pHYs chunk before the image data; there is at most one. */
function resolutionIn(png: Uint8Array): { from: number; to: number } | undefined {
  for (const { type, from, to } of pngChunks(png)) {
    if (type === 'pHYs') return { from, to }
    if (type === 'IDAT') return undefined
  }
  return undefined
}

function resolutionChunk(resolution: Resolution): Buffer[] {
  const written = inWholeNumbers(inUnit(resolution, 'metre'), 2 ** 31 - 1)
  if (!written) return []
  const data = Buffer.alloc(9)
  data.writeUInt32BE(written.x, 0)
  data.writeUInt32BE(written.y, 4)
  data[8] = written.unit === 'none' ? 0 : 1
  return [encodeChunk('pHYs', data)]
}
