import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** So much passes through before memory is collected: the collection takes about a millisecond. */
const collectEveryBytes = 4 * 1024 * 1024

let collectYoung: (() => void) | undefined
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
    collectYoung ??= findCollector()
    collectYoung()
  }
}

/** V8 shows its collector only in contexts that are made after this flag is set: global names stay as they are. */
function findCollector(): () => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void
  setFlagsFromString('--no-expose-gc')
  return () => collect({ type: 'minor' })
}
