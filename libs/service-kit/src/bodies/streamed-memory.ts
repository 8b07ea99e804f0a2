import { collectGarbage } from '../process/collect-garbage.ts'

/** Memory is collected each time this many bytes have passed; a collection takes about a millisecond. */
const collectEveryBytes = 4 * 1024 * 1024

let passedBytes = 0

/**
 * Passes a streamed body on, and collects the memory of its used chunks from time to time. V8 counts only its own heap,
 * where a chunk takes little space, so about 64 MiB of chunks would pile up before it collects. Chunks can't be freed
 * explicitly, because their receiver may not have sent them yet.
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
