import { hangUpSignal } from '@darkroom/service-kit'
import type { FastifyReply } from 'fastify'

type Bytes = AsyncIterable<Uint8Array> | Uint8Array

/**
 * A body and, for a stream, a signal for the call that passes the body on. If the client hangs up before the whole body
 * was read, the call is aborted. Later, the image is accepted in any case: then its response is awaited, because the owner
 * may have been erased meanwhile.
 */
export function whileSending(reply: FastifyReply, body: Bytes): { body: Bytes; signal?: AbortSignal } {
  if (body instanceof Uint8Array) return { body }
  const hangUp = hangUpSignal(reply)
  const sending = new AbortController()
  let isSent = false
  if (hangUp.aborted) sending.abort(hangUp.reason)
  hangUp.addEventListener('abort', () => isSent || sending.abort(hangUp.reason), { once: true })
  const untilSent = async function* () {
    yield* body
    isSent = true
  }
  return { body: untilSent(), signal: sending.signal }
}
