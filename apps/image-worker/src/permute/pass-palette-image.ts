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

/** Output is gathered to pieces of this size, since files often have thousands of small chunks. */
const pieceBytes = 256 * 1024

/** The run of IDAT chunks that is open in `chunks`, as it is; throws NotWellFormed if it can't be the image's. */
export async function* passPaletteImage(
  chunks: PngChunkReader,
  header: PngHeader,
): AsyncGenerator<Uint8Array> {
  const start: number[] = []
  let dataBytes = 0
  let parts: Uint8Array[] = []
  let partBytes = 0
  while ((await chunks.next()) === 'IDAT') {
    parts.push(chunks.header)
    while (chunks.remaining > 0) {
      const part = await chunks.readSome(pieceBytes)
      if (start.length < 2) start.push(...part.subarray(0, 2 - start.length))
      dataBytes += part.length
      partBytes += part.length
      parts.push(part)
      if (partBytes < pieceBytes) continue
      yield Buffer.concat(parts)
      parts = []
      partBytes = 0
    }
    parts.push(await chunks.close())
  }
  yield Buffer.concat(parts)
  expectZlibHeader(start)
  expectPlausibleSize(dataBytes, inflatedBytes(passesOf(header, header.width, header.height)))
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
