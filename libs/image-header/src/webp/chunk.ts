import { type HeaderReader, latin1 } from '../header-reader.ts'
import { MalformedImage } from '../malformed-image.ts'

export interface WebpChunk {
  type: string
  body: number
  bodyEnd: number
  /** After the padding: section 2.3, chunks of odd size have one more byte. */
  end: number
}

/** The chunk at `offset`, which must end by `limit`. Its padding may be missing there. */
export async function readChunk(reader: HeaderReader, offset: number, limit: number): Promise<WebpChunk> {
  if (offset + 8 > limit) throw new MalformedImage('a WebP chunk is truncated')
  const view = await reader.view(offset, 8)
  const bodyEnd = offset + 8 + view.getUint32(4, true)
  if (bodyEnd > limit) throw new MalformedImage('a WebP chunk extends beyond the file or its frame')
  return {
    type: latin1(view).slice(0, 4),
    body: offset + 8,
    bodyEnd,
    end: Math.min(bodyEnd + (bodyEnd & 1), limit),
  }
}

/** RFC 9649 section 2.2: little-endian, as everything in RIFF. */
export function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + (view.getUint8(at + 2) << 16)
}
