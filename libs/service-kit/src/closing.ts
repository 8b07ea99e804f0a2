import type { FastifyInstance } from 'fastify'
import { retryLater, ServiceProblem } from './problems.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the app begins to close: whoever holds a request back answers it now. */
    closing: AbortSignal
  }
}

/**
 * 421 Misdirected Request (RFC 9110, 15.5.20): the request was not processed, and may be sent to another
 * instance whatever its method.
 */
export const misdirected = 421

/**
 * Requests that arrive on open connections while an app closes are turned away unprocessed. The connections of
 * those under way end with their answers: Node would keep them, and the app from closing, for 72 s more.
 */
export function turnAwayWhileClosing(app: FastifyInstance, isPublic: boolean): void {
  const controller = new AbortController()
  app.decorate('closing', controller.signal)
  app.addHook('preClose', async () => controller.abort())
  app.addHook('onRequest', async (_request, reply) => {
    if (!app.closing.aborted) return
    if (isPublic) throw retryLater(503, 'shutting-down', 'this server is shutting down', 1)
    throw new ServiceProblem(misdirected, 'shutting-down', 'this instance is shutting down; ask another')
  })
  app.addHook('onSend', async (_request, reply) => {
    if (app.closing.aborted) reply.header('connection', 'close')
  })
  app.addHook('onResponse', async request => {
    if (app.closing.aborted) request.raw.socket.destroy() // its headers may have been sent before
  })
}
