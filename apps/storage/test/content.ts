import { Readable } from 'node:stream'

export const MiB = 1024 * 1024

/** Bytes that differ with the seed and don't repeat within a few thousand, so that a shift is noticed. */
export function patterned(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** Bytes in chunks, as from a socket. */
export async function* inChunks(bytes: Uint8Array, chunkBytes = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

/** The bytes of a blob, whether it was read in one piece or in several. */
export function asStream(content: Readable | Uint8Array): Readable {
  return content instanceof Uint8Array ? Readable.from([content]) : content
}
