import type { HeaderReader } from '../header-reader.ts'
import { MalformedImage } from '../malformed-image.ts'
import type { WebpChunk } from './chunk.ts'

interface Bitstream {
  width: number
  height: number
  hasAlpha: boolean
  lossless: boolean
}

export function isBitstream(chunkType: string): boolean {
  return chunkType === 'VP8 ' || chunkType === 'VP8L'
}

/** The size in the coded image itself, which its decoder uses. */
export async function readBitstream(reader: HeaderReader, chunk: WebpChunk): Promise<Bitstream> {
  const headerBytes = chunk.type === 'VP8L' ? 5 : 10
  if (chunk.bodyEnd - chunk.body < headerBytes) throw new MalformedImage('the WebP image is truncated')
  const view = await reader.view(chunk.body, headerBytes)
  return chunk.type === 'VP8L' ? parseLossless(view) : parseLossy(view)
}

/** RFC 9649 section 3.4: signature 2F, 14 bits each of width-1 and height-1, an alpha bit, a version of 0. */
function parseLossless(view: DataView): Bitstream {
  const bits = view.getUint32(1, true)
  if (view.getUint8(0) !== 0x2f || bits >>> 29 !== 0)
    throw new MalformedImage('the lossless WebP image has no valid signature')
  return {
    width: (bits & 0x3fff) + 1,
    height: ((bits >>> 14) & 0x3fff) + 1,
    hasAlpha: (bits & 0x10000000) !== 0,
    lossless: true,
  }
}

/** RFC 6386 section 9.1: a key frame's 3-byte tag, the start code, 14 bits each of width and height. */
function parseLossy(view: DataView): Bitstream {
  const isKeyFrame = (view.getUint8(0) & 0x01) === 0
  const startCode = (view.getUint16(3) << 8) + view.getUint8(5)
  if (!isKeyFrame || startCode !== 0x9d012a)
    throw new MalformedImage('the WebP image does not begin with a key frame')
  const width = view.getUint16(6, true) & 0x3fff
  const height = view.getUint16(8, true) & 0x3fff
  if (width === 0 || height === 0)
    throw new MalformedImage(`a WebP image has an invalid size of ${width} x ${height} pixels`)
  return { width, height, hasAlpha: false, lossless: false }
}
