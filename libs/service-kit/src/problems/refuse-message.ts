import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Problem, problemType } from '@darkroom/contracts'

export type ResponseHeadersOf = (headers: IncomingHttpHeaders) => Record<string, string>

/** Answers a message that isn't HTTP, or whose header arrives too slowly (like Node's own `clientError` handler). */
export function refusedMessageHandler(responseHeaders: ResponseHeadersOf) {
  return (error: NodeJS.ErrnoException & { reason?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const detail = detailOf(error)
    refuseMessage(socket, error.code, { detail, headers: responseHeaders({}) })
  }
}

function detailOf({
  code,
  reason = 'it cannot be parsed',
}: NodeJS.ErrnoException & { reason?: string }): string {
  if (code === 'HPE_HEADER_OVERFLOW')
    return 'the request line and the headers are too long: send fewer or shorter headers, and a shorter query'
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'the headers of the request did not arrive in time'
  const remedy = /in url/i.test(reason) ? '; percent-encode the path and the query' : ''
  return `the request is not valid HTTP/1.1: ${reason}${remedy}`
}

/** Answers requests with an Expect header other than 100-continue. */
export function refuseExpectations(server: Server, responseHeaders: ResponseHeadersOf): void {
  server.on('checkExpectation', ({ headers, socket }: IncomingMessage) => {
    const detail = `the expectation "${headers.expect}" is not supported: send "Expect: 100-continue", or no Expect`
    refuseMessage(socket, expectationFailed, { detail, headers: responseHeaders(headers) })
  })
}

/** Answers CONNECT, after which Node would only close the connection. */
export function refuseTunnels(server: Server, responseHeaders: ResponseHeadersOf): void {
  server.on('connect', ({ headers }: IncomingMessage, socket: Duplex) => {
    const detail = 'CONNECT is not allowed: this server is not a proxy'
    const allow = 'GET, HEAD, POST, PUT, PATCH, DELETE'
    refuseMessage(socket, methodNotAllowed, { detail, headers: { ...responseHeaders(headers), allow } })
  })
}

/** Writes a problem document to a connection whose request can't be answered in the usual way, and closes it. */
export function refuseMessage(
  socket: Duplex,
  errorCode: string | undefined,
  {
    detail,
    headers = {},
    whenSent,
  }: { detail?: string; headers?: Record<string, string>; whenSent?: () => void } = {},
): void {
  const { status, code, title } = refusals[errorCode ?? ''] ?? malformed
  const problem: Problem = { type: problemType(code), title, status, ...(detail !== undefined && { detail }) }
  const document = Buffer.from(JSON.stringify(problem))
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head =
    `HTTP/1.1 ${status} ${title}\r\n${lines.join('')}connection: close\r\ncontent-type: application/problem+json\r\n` +
    `content-length: ${document.length}\r\n\r\n`
  socket.end(Buffer.concat([Buffer.from(head), document]), whenSent)
}

/** The error of a request whose body arrives too slowly, if its client repeats requests only after a 5xx. */
export const bodyTimeoutAs5xx = 'body-timeout-as-5xx'
const expectationFailed = 'expectation-failed'
const methodNotAllowed = 'method-not-allowed'
const malformed = { status: 400, code: 'malformed-request', title: 'Malformed request' }
const refusals: Readonly<Record<string, typeof malformed>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'request-timeout', title: 'Request timeout' },
  [bodyTimeoutAs5xx]: { status: 503, code: 'request-timeout', title: 'Request timeout' },
  [expectationFailed]: { status: 417, code: expectationFailed, title: 'Expectation failed' },
  [methodNotAllowed]: { status: 405, code: methodNotAllowed, title: 'Method not allowed' },
  HPE_HEADER_OVERFLOW: { status: 431, code: 'headers-too-large', title: 'Headers too large' },
}
