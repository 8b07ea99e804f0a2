import { collectGarbage } from './collect-garbage.ts'

/** Memory is collected each time this many bytes have been used; a collection takes about a millisecond. */
const collectEveryBytes = 4 * 1024 * 1024

let usedBytes = 0

/**
 * Passes a streamed body on, and collects the memory of its used chunks from time to time. Chunks can't be freed explicitly,
 * because their receiver may not have sent them yet.
 */
export async function* collectingMemory(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    yield chunk
    collectUsed(chunk.length)
  }
}

/**
 * Counts bytes of buffers that are garbage now, and collects the youngest garbage of this thread from time to time. Without
 * this, up to 64 MiB of such buffers pile up, because they take little space in V8's own heap; and where V8 does count them,
 * it marks the whole heap for every few images.
 */
export function collectUsed(bytes: number): void {
  usedBytes += bytes
  if (usedBytes < collectEveryBytes) return
  usedBytes = 0
  collectGarbage({ type: 'minor' })
}
