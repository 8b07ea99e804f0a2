import type { FastifyInstance } from 'fastify'
import { ServiceProblem, unavailable } from '../problems/problems.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the app begins to close, so that handlers answer held requests. */
    closing: AbortSignal
  }
}

/**
 * 421 Misdirected Request (RFC 9110, 15.5.20): the request was not processed, and may be sent to another
 * instance, even if its method is not idempotent.
 */
export const misdirected = 421

/** Refuses, unprocessed, the requests that arrive on open connections while the app closes. */
export function refuseWhileClosing(
  app: FastifyInstance,
  isPublic: boolean,
  controller: AbortController,
): void {
  app.decorate('closing', controller.signal)
  app.addHook('preClose', async () => controller.abort())
  app.addHook('onRequest', async () => {
    if (!app.closing.aborted) return
    if (isPublic) throw unavailable('shutting-down', 'this server is shutting down', 1)
    throw new ServiceProblem(
      misdirected,
      'shutting-down',
      'this instance is shutting down; send the request to another instance',
    )
  })
  app.addHook('onSend', async (_request, reply) => {
    if (app.closing.aborted) reply.header('connection', 'close')
  })
  waitForRequestsOnly(app)
}

/**
 * Makes closing wait for requests in progress, not for connections. Node would wait 72 s or more for a kept-alive
 * connection, or for the rest of a refused body that never comes.
 */
function waitForRequestsOnly(app: FastifyInstance): void {
  let underWay = 0
  const closeConnections = () => {
    if (app.closing.aborted && underWay === 0) app.server.closeAllConnections()
  }
  app.server.on('request', (_request, response) => {
    underWay++
    response.once('close', () => {
      underWay--
      closeConnections()
    })
  })
  app.addHook('preClose', async () => closeConnections())
}
