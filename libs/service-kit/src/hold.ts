import type { FastifyReply } from 'fastify'

/** Nobody is there any more to hear the answer. */
export class ClientGone extends Error {}

/** Aborted when the client hangs up before its answer is complete. */
export function hangUpSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  const hangUp = () => {
    if (!reply.raw.writableFinished) controller.abort(new ClientGone('the client hung up'))
  }
  if (reply.raw.closed || reply.request.raw.socket.destroyed) hangUp()
  else reply.raw.once('close', hangUp)
  return controller.signal
}

/** For how long a blocking read may be held: aborted after `seconds`, on hang-up, and when the app closes. */
export function holdSignal(reply: FastifyReply, seconds: number): AbortSignal {
  return AbortSignal.any([
    AbortSignal.timeout(Math.ceil(seconds * 1000)),
    hangUpSignal(reply),
    reply.server.closing,
  ])
}
