import { NotWellFormed } from './not-well-formed.ts'
import type { PngChunkReader } from './png-chunks.ts'
import { inflatedBytes, type PngHeader, passesOf } from './png-header.ts'

/**
 * Palette images that inflate to more than this are passed through on their CRCs and the plausibility of their
 * zlib stream alone. Permuting a palette costs nothing, so a full inflation would be nearly all of the time: 6
 * megapixels take about 15 ms of it against about 180 ms in sharp, which is 12 times as fast instead of more than
 * 100 times. Below, it is 3 ms at most. What stays unproven above: filter bytes, the exact length, the Adler-32.
 * An accident in storage or transfer still breaks a CRC; a forgery is handed on as it was handed in.
 */
const maxProvenBytes = 1024 * 1024

export function isPassedUnproven(header: PngHeader): boolean {
  return (
    header.colorType === 3 && inflatedBytes(passesOf(header, header.width, header.height)) > maxProvenBytes
  )
}

/** Output is handed on in pieces of about this size. */
const pieceBytes = 256 * 1024

/** The run of IDAT chunks that is open in `chunks`, as it is; throws NotWellFormed if it can't be the image's. */
export async function* passPaletteImage(
  chunks: PngChunkReader,
  header: PngHeader,
): AsyncGenerator<Uint8Array> {
  const start: number[] = []
  let dataBytes = 0
  let gathered = 0
  const parts: Uint8Array[] = []
  while ((await chunks.next()) === 'IDAT') {
    append(parts, chunks.header)
    while (chunks.remaining > 0) {
      const part = await chunks.readSome(pieceBytes)
      if (start.length < 2) start.push(...part.subarray(0, 2 - start.length))
      dataBytes += part.length
      gathered += part.length
      append(parts, part)
      if (gathered < pieceBytes) continue
      yield* parts.splice(0)
      gathered = 0
    }
    append(parts, await chunks.close())
  }
  yield* parts
  expectZlibHeader(start)
  expectPlausibleSize(dataBytes, inflatedBytes(passesOf(header, header.width, header.height)))
}

/** Grows the last part when `part` lies right behind it in memory, as it does where the input comes in large chunks. */
function append(parts: Uint8Array[], part: Uint8Array): void {
  const last = parts.at(-1)
  if (
    last !== undefined &&
    last.buffer === part.buffer &&
    last.byteOffset + last.length === part.byteOffset
  ) {
    parts[parts.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + part.length)
  } else {
    parts.push(part)
  }
}

/** RFC 1950: method 8, a window of 32 KiB at most, no dictionary, the check bits right. */
function expectZlibHeader([method = 0, flags = 0]: readonly number[]): void {
  const isZlib = (method & 0x0f) === 8 && method >> 4 <= 7 && (flags & 0x20) === 0
  if (!isZlib || (method * 256 + flags) % 31 !== 0)
    throw new NotWellFormed('the image data is no zlib stream')
}

/** Deflate packs 258 bytes into two bits at best, and at worst adds what zlib's deflateBound allows for. */
function expectPlausibleSize(compressed: number, inflated: number): void {
  const least = inflated / 1032
  const most = inflated + inflated / 8 + inflated / 64 + 1024
  if (compressed < least) throw new NotWellFormed('the image data is shorter than the header announces')
  if (compressed > most) throw new NotWellFormed('the image data is longer than the header announces')
}
