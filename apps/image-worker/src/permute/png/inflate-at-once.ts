import { inflateSync, type ZlibOptions } from 'node:zlib'
import { NotWellFormed } from '../not-well-formed.ts'

export const isShorter = 'the image data is shorter than the header announces'
export const isLonger = 'the image data is longer than the header announces'
export const isFollowed = 'there are bytes after the image data'

/** The compressed bytes that `length` may take: twice what stored blocks do, for encoders that flush after every row. */
export function mostCompressed(length: number): number {
  return 2 * length + 64 * 1024
}

/**
 * A zlib stream in one piece, which must give `length` bytes exactly and end where `data` ends. On this thread: a
 * stream's hops to zlib's thread and back would take as long as a small image.
 *
 * @throws NotWellFormed
 */
export function inflatedExactly(data: Uint8Array, length: number): Uint8Array {
  // A byte more shows that there would be more, and zlib takes no less than 64.
  const chunkSize = Math.max(length + 1, 64)
  const { buffer, engine } = inflatedWithInfo(data, { chunkSize, maxOutputLength: chunkSize, info: true })
  if (buffer.length > length) throw new NotWellFormed(isLonger)
  if (buffer.length < length) throw new NotWellFormed(isShorter)
  if (engine.bytesWritten !== data.length) throw new NotWellFormed(isFollowed)
  return buffer
}

function inflatedWithInfo(data: Uint8Array, options: ZlibOptions & { info: true }): InflatedWithInfo {
  try {
    // Its types don't know what `info` does.
    return inflateSync(data, options) as unknown as InflatedWithInfo
  } catch (error) {
    if (isZlibError(error)) throw new NotWellFormed(`image data: ${error.message}`, { cause: error })
    if (isTooLarge(error)) throw new NotWellFormed(isLonger, { cause: error })
    throw error
  }
}

interface InflatedWithInfo {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

export function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
