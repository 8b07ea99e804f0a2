import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { giveUpBody } from '../bodies/awaited-bodies.ts'
import { hideSecrets } from '../log/hide-secrets.ts'
import type { ServiceProblem } from './problems.ts'

export function sendProblem(reply: FastifyReply, problem: ServiceProblem): FastifyReply {
  const document = Buffer.from(hideSecrets(JSON.stringify(problem.toJSON())))
  const { raw } = reply.request
  const isBodyUnread = hasBody(raw) && !raw.readableEnded
  if (giveUpBody(raw)) reply.header('connection', 'close')
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .header('content-type', 'application/problem+json')
    .header('content-length', document.length)
    .send(isBodyUnread ? Readable.from(answerAndLinger(document, reply)) : document)
}

const maxDiscardedBytes = 128 * 1024 * 1024

/**
 * Sends the whole response at once, but ends it only when the rest of the request has been read and discarded.
 * Closing a connection while bytes still arrive resets it, and the client may lose the response (RFC 9112, 9.6).
 *
 * Some clients, such as aiohttp 3.8, stop sending when the response arrives, but use the connection again: their next
 * request would be read as the rest of this body. So the response ends the connection if the body has not arrived yet.
 */
async function* answerAndLinger(document: Buffer, reply: FastifyReply): AsyncGenerator<Buffer> {
  const request = reply.request.raw
  let bytes = 0
  // A reader that has stopped halfway would hold back the rest, and with it the next request on the connection.
  request.removeAllListeners('readable')
  request.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length
    if (bytes > maxDiscardedBytes) request.destroy()
  })
  await setImmediate() // until then, the rest of the packet that is being parsed may not have arrived
  if (!request.complete) reply.raw.setHeader('connection', 'close')
  yield document
  // The response is complete, however the request ends.
  await finished(request, { signal: reply.server.closing }).catch(() => undefined)
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
