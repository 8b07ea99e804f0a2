import type { IncomingMessage, Server } from 'node:http'

/** Requests whose clients wait for 100 Continue before they send the body. */
const awaiting = new WeakSet<IncomingMessage>()

/**
 * Sends 100 Continue only when a handler begins to read the body (RFC 9110, 10.1.1). So a request that is refused because of
 * its path, key or length is refused before the client has sent a body in vain.
 */
export function continueWhenRead(server: Server): void {
  server.on('checkContinue', (request, response) => {
    awaiting.add(request)
    const read = request._read.bind(request)
    request._read = size => {
      if (awaiting.delete(request) && !response.headersSent) response.writeContinue()
      read(size)
    }
    server.emit('request', request, response)
  })
}

export function isBodyAwaited(request: IncomingMessage): boolean {
  return awaiting.has(request)
}

/**
 * Whether the client has not begun to send the body. If it has not, it gets no 100 Continue from now on, and may never send
 * the body, so its connection must be closed after the response.
 */
export function giveUpBody(request: IncomingMessage): boolean {
  return awaiting.delete(request)
}
