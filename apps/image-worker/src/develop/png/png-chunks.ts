import { crc32 } from 'node:zlib'
import { pngSignature } from '../../permute/png/chunks.ts'

export interface PngChunk {
  readonly type: string
  readonly data: Buffer
  /** The start and end of the chunk, with its length and its CRC. */
  readonly from: number
  readonly to: number
}

/** The chunks of a PNG one after the other (PNG 3rd edition, 5.3), up to IEND or a chunk that is cut off. */
export function* pngChunks(png: Uint8Array): Generator<PngChunk> {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength)
  for (let from = pngSignature.length; from + 12 <= bytes.length; ) {
    const to = from + 12 + bytes.readUInt32BE(from)
    if (to > bytes.length) return
    const type = bytes.toString('latin1', from + 4, from + 8)
    if (type === 'IEND') return
    yield { type, data: bytes.subarray(from + 8, to - 4), from, to }
    from = to
  }
}

/** Whether the CRC of a chunk, which `pngChunks` does not check, is right. */
export function isIntact(png: Uint8Array, { from, to }: PngChunk): boolean {
  const view = new DataView(png.buffer, png.byteOffset)
  return crc32(png.subarray(from + 4, to - 4)) === view.getUint32(to - 4)
}

/** Whether decoders must support chunks of a type: the first letter is a capital (5.4). */
export function isCritical(type: string): boolean {
  return type < 'a'
}
