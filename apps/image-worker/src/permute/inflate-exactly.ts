import { pipeline } from 'node:stream'
import { createInflate } from 'node:zlib'
import { NotWellFormed } from './not-well-formed.ts'

/** A block of inflated bytes: large enough that the hops to zlib's thread don't show, small beside any image. */
const blockBytes = 512 * 1024

/**
 * Inflates one zlib stream that must give `length` bytes exactly, have the right Adler-32 and end where `pieces`
 * end; throws NotWellFormed otherwise. Pulls `pieces` as the result is pulled, so a bomb is cut off at most one
 * block after `length`, and nothing of it is kept. The blocks given belong to the caller.
 */
export async function* inflateExactly(
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
  // The callback has nothing to do: what goes wrong on either side comes out of the iteration below.
  pipeline(fed, inflate, () => {})
  let inflated = 0
  try {
    for await (const block of inflate as AsyncIterable<Uint8Array>) {
      inflated += block.length
      if (inflated > length) throw new NotWellFormed('the image data is longer than the header announces')
      yield block
    }
  } catch (error) {
    throw isZlibError(error) ? new NotWellFormed(`image data: ${error.message}`, { cause: error }) : error
  }
  if (inflated < length) throw new NotWellFormed('the image data is shorter than the header announces')
  if (inflate.bytesWritten !== given) throw new NotWellFormed('there are bytes after the image data')
}

export function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}
