import { Readable } from 'node:stream'
import { collectingMemory, StoreUnavailable } from '@darkroom/service-kit'

/**
 * The first `bytes` of a body from an object store; the rest is read and discarded, so that the connection can be
 * reused. The body fails if it pauses for `stalledMs` while its reader waits for more; the reader may be slow.
 */
export function receivedBody(body: Readable, bytes: number, stalledMs: number): Readable {
  const received = Readable.from(collectingMemory(receive(body, bytes, stalledMs)), { objectMode: false })
  // Ending a generator before it has begun runs none of its code: the connection would stay open.
  return received.once('close', () => body.destroy())
}

async function* receive(body: Readable, bytes: number, stalledMs: number): AsyncGenerator<Uint8Array> {
  const stalled = () =>
    body.destroy(new StoreUnavailable(`the object store sent no data for ${stalledMs} milliseconds`))
  let timer = setTimeout(stalled, stalledMs)
  let missing = bytes
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      clearTimeout(timer)
      const part = chunk.subarray(0, missing)
      missing -= part.length
      if (part.length > 0) yield part
      timer = setTimeout(stalled, stalledMs)
    }
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error
    throw new StoreUnavailable('the object store closed the connection before the end of the blob', {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
  }
  if (missing > 0) throw new StoreUnavailable(`the object store sent ${missing} bytes too few`)
}
