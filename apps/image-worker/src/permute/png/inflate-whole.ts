import { inflateSync, type ZlibOptions } from 'node:zlib'
import { NotWellFormed } from '../not-well-formed.ts'
import { isTooLarge, isZlibError } from './zlib-errors.ts'

/** The reasons why image data are refused. */
export const tooShort = 'the image data is shorter than the header declares'
export const tooLong = 'the image data is longer than the header declares'
export const trailingBytes = 'there are bytes after the image data'

/** The most compressed bytes for `length`: twice the size of stored blocks, for encoders that flush after every row. */
export function mostCompressed(length: number): number {
  return 2 * length + 64 * 1024
}

/**
 * Inflates a zlib stream in one piece, which must give exactly `length` bytes and end where `data` ends. Works on this
 * thread: passing data to zlib's thread and back would take as long as a small image.
 *
 * @throws NotWellFormed
 */
export function inflateWhole(data: Uint8Array, length: number): Uint8Array {
  // One more byte reveals a stream that is too long; zlib requires at least 64.
  const chunkSize = Math.max(length + 1, 64)
  const { buffer, engine } = inflatedWithInfo(data, { chunkSize, maxOutputLength: chunkSize, info: true })
  if (buffer.length > length) throw new NotWellFormed(tooLong)
  if (buffer.length < length) throw new NotWellFormed(tooShort)
  if (engine.bytesWritten !== data.length) throw new NotWellFormed(trailingBytes)
  return buffer
}

function inflatedWithInfo(data: Uint8Array, options: ZlibOptions & { info: true }): InflatedWithInfo {
  try {
    return inflateSync(data, options) as unknown as InflatedWithInfo
  } catch (error) {
    if (isZlibError(error)) throw new NotWellFormed(`image data: ${error.message}`, { cause: error })
    if (isTooLarge(error)) throw new NotWellFormed(tooLong, { cause: error })
    throw error
  }
}

/** The result of zlib's functions with the option `info`, which their types don't declare. */
export interface InflatedWithInfo {
  readonly buffer: Buffer
  /** `bytesWritten` counts the compressed bytes. */
  readonly engine: { readonly bytesWritten: number }
}
