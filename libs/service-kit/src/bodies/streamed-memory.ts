import { collectGarbage } from '../process/collect-garbage.ts'

/** So much passes through before memory is collected: the collection takes about a millisecond. */
const collectEveryBytes = 4 * 1024 * 1024

let passedBytes = 0

/**
 * Passes a streamed body on, and has the memory of chunks that went through it collected now and then. V8 counts
 * only its own heap, on which a chunk is small: by itself it lets some 64 MiB of chunks lie before it looks.
 * Freeing a chunk by hand would be wrong here: whoever it was passed on to may not have sent it yet.
 */
export async function* collectingMemory(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    yield chunk
    passedBytes += chunk.length
    if (passedBytes < collectEveryBytes) continue
    passedBytes = 0
    collectGarbage({ type: 'minor' })
  }
}
