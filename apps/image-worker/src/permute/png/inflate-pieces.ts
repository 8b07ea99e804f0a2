import { pipeline } from 'node:stream'
import { createInflate } from 'node:zlib'
import { NotWellFormed } from '../not-well-formed.ts'
import { inflateWhole, mostCompressed, tooLong, tooShort, trailingBytes } from './inflate-whole.ts'
import { isZlibError } from './zlib-errors.ts'

/**
 * A block of inflated bytes: large enough that passing it to zlib's thread costs little, small compared with any image.
 */
const blockBytes = 512 * 1024

/** Inflating this few bytes takes less time than passing them to zlib's thread. */
const maxAtOnceBytes = 128 * 1024

/**
 * Inflates one zlib stream that must give exactly `length` bytes, have the right Adler-32 and end where `pieces` end; throws
 * NotWellFormed otherwise. Pulls `pieces` only as the result is pulled, so a decompression bomb is stopped at most one block
 * after `length`, and is not kept in memory. The caller owns the blocks.
 */
export async function* inflatePieces(
  pieces: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array> {
  if (length <= maxAtOnceBytes) yield (await inflateJoined(pieces, length)).inflated
  else yield* inflateOneByOne(pieces, length)
}

/** Joins the pieces and inflates them at once. Throws as `inflatePieces` does. Returns the compressed bytes, too. */
export async function inflateJoined(pieces: AsyncIterable<Uint8Array>, length: number) {
  const compressed = await joined(pieces, mostCompressed(length))
  return { inflated: inflateWhole(compressed, length), compressed }
}

async function joined(pieces: AsyncIterable<Uint8Array>, mostBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const piece of pieces) {
    bytes += piece.length
    if (bytes > mostBytes) throw new NotWellFormed(tooLong)
    parts.push(piece)
  }
  const [first] = parts
  return first && parts.length === 1 ? first : Buffer.concat(parts)
}

async function* inflateOneByOne(
  pieces: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array> {
  const inflate = createInflate({ chunkSize: blockBytes })
  let given = 0
  async function* fed() {
    for await (const piece of pieces) {
      given += piece.length
      yield piece
    }
  }
  // The callback has nothing to do: the iteration below throws the errors of both sides.
  pipeline(fed, inflate, () => {})
  let inflated = 0
  try {
    for await (const block of inflate as AsyncIterable<Uint8Array>) {
      inflated += block.length
      if (inflated > length) throw new NotWellFormed(tooLong)
      yield block
    }
  } catch (error) {
    throw isZlibError(error) ? new NotWellFormed(`image data: ${error.message}`, { cause: error }) : error
  }
  if (inflated < length) throw new NotWellFormed(tooShort)
  if (inflate.bytesWritten !== given) throw new NotWellFormed(trailingBytes)
}
