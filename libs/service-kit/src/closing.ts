import type { IncomingMessage } from 'node:http'
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

/** Requests that arrive on open connections while an app closes are turned away unprocessed. */
export function turnAwayWhileClosing(
  app: FastifyInstance,
  isPublic: boolean,
  controller: AbortController,
): void {
  app.decorate('closing', controller.signal)
  app.addHook('preClose', async () => controller.abort())
  app.addHook('onRequest', async () => {
    if (!app.closing.aborted) return
    if (isPublic) throw retryLater(503, 'shutting-down', 'this server is shutting down', 1)
    throw new ServiceProblem(misdirected, 'shutting-down', 'this instance is shutting down; ask another')
  })
  app.addHook('onSend', async (_request, reply) => {
    if (app.closing.aborted) reply.header('connection', 'close')
  })
  waitForRequestsOnly(app)
  endStalledRequests(app)
}

/** So long may the body of a request stand still while the app closes. */
const stalledMs = 2000

/** A client that has stopped sending would hold the closing up; nothing was promised to it yet. */
function endStalledRequests(app: FastifyInstance): void {
  const receiving = new Map<IncomingMessage, { bytes: number; since: number }>()
  const look = () => {
    for (const [request, seen] of receiving) {
      const bytes = request.socket.bytesRead
      if (request.complete) receiving.delete(request)
      else if (bytes > seen.bytes) receiving.set(request, { bytes, since: performance.now() })
      else if (performance.now() - seen.since > stalledMs) request.destroy()
    }
  }
  app.server.on('request', (request: IncomingMessage, response) => {
    if (request.complete) return
    receiving.set(request, { bytes: request.socket.bytesRead, since: performance.now() })
    response.once('close', () => receiving.delete(request))
  })
  let looking: NodeJS.Timeout | undefined
  app.addHook('preClose', async () => {
    for (const seen of receiving.values()) seen.since = performance.now()
    looking = setInterval(look, stalledMs / 4)
  })
  app.addHook('onClose', async () => clearInterval(looking))
}

/**
 * Closing waits for requests under way, not for connections: a kept-alive one, or one on which the rest of a
 * refused body never comes, would hold it up for the 72 s and more that Node leaves them.
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
