import type { FastifyReply } from 'fastify'
import { ClientGone } from '../problems/problems.ts'
import { onceHalfClosed } from './half-closed.ts'

/** Aborted when the client hangs up before its response is complete. */
export function hangUpSignal(reply: FastifyReply): AbortSignal {
  return abortAtHangUp(reply).signal
}

/** Aborted when the client hangs up, or closes its side of the connection, before its response is complete. */
export function halfCloseSignal(reply: FastifyReply): AbortSignal {
  const controller = abortAtHangUp(reply)
  const stop = onceHalfClosed(reply.request.raw.socket, () =>
    controller.abort(new ClientGone('the client closed its side of the connection')),
  )
  reply.raw.once('close', stop)
  return controller.signal
}

function abortAtHangUp(reply: FastifyReply): AbortController {
  const controller = new AbortController()
  const hangUp = () => {
    if (!reply.raw.writableFinished) controller.abort(new ClientGone('the client hung up'))
  }
  if (reply.raw.closed || reply.request.raw.socket.destroyed) hangUp()
  else reply.raw.once('close', hangUp)
  return controller
}

const holdEnded = new Error('the hold has ended')

interface Hold extends Disposable {
  /** Aborted when the time is over, or when one of the given signals is aborted. */
  readonly signal: AbortSignal
}

/** Shared by all responses that are not held back. A listener that is added to its signal is never removed. */
const noHold: Hold = { signal: AbortSignal.abort(holdEnded), [Symbol.dispose]: () => undefined }

/** Limits how long a response may be held back. Dispose of it afterwards: it has a timer and listeners. */
export function holdFor(seconds: number, ...ends: AbortSignal[]): Hold {
  if (seconds <= 0) return noHold
  const controller = new AbortController()
  // A shared reason: without it, Node would create an error with a stack each time.
  const end = () => controller.abort(holdEnded)
  const timer = setTimeout(end, Math.ceil(seconds * 1000))
  for (const signal of ends) {
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer)
      for (const signal of ends) signal.removeEventListener('abort', end)
    },
  }
}

/**
 * Limits how long a blocking read may be held: aborted after `seconds`, when the client hangs up or closes its side of the
 * connection, and when the app closes. When the response is sent, the timer and the listeners are removed.
 */
export function holdSignal(reply: FastifyReply, seconds: number): AbortSignal {
  const hold = holdFor(seconds, halfCloseSignal(reply), reply.server.closing)
  reply.raw.once('close', () => hold[Symbol.dispose]())
  return hold.signal
}
