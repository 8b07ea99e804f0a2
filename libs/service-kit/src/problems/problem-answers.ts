import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { type Problem, problemType, UnexpectedReply } from '@darkroom/contracts'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { giveUpBody } from '../bodies/awaited-bodies.ts'
import { hideSecrets } from '../log/hide-secrets.ts'
import { imageIdIn } from '../log/image-id.ts'
import type { Logger } from '../log/logger.ts'
import { OutageLog } from '../log/outage-log.ts'
import { ClientGone, isOutage, ServiceProblem, ServiceUnavailable, unavailable } from './problems.ts'

/** Answers every error of an app with a problem document: thrown, invalid, not found, or the wrong method. */
export function answerWithProblems(app: FastifyInstance): void {
  const paths = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = paths.get(url) ?? { pattern: pathPattern(url), methods: new Set() }
    for (const one of [method].flat()) known.methods.add(one)
    paths.set(url, known)
  })

  const outages = new OutageLog(app.log as Logger)
  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode < 500) outages.answered(routeOf(request))
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error)
    if (problem.status >= 500 && problem.cause !== undefined) {
      const { body, method, url } = request
      const details = { ...imageIdIn(url, body), err: problem.cause, method, url }
      if (problem.status === 503) outages.failed(routeOf(request), problem.message, details)
      else request.log.error(details, problem.message)
    }
    return sendProblem(reply, problem)
  })

  const notFound = (request: FastifyRequest) => {
    const path = request.url.split('?')[0] ?? ''
    const methods = new Set(
      [...paths.values()].filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => [...methods]),
    )
    if (methods.size > 0) return wrongMethod(request, methods)
    const existsWithoutSlash = [...paths.values()].some(({ pattern }) =>
      pattern.test(path.replace(/\/$/, '')),
    )
    return noSuchRoute(request, path, existsWithoutSlash)
  }
  // Before a body is read: the answer must not depend on it.
  app.addHook('preParsing', (request, _reply, payload, done) =>
    done(request.is404 || lacksParameter(request) ? notFound(request) : null, payload),
  )
  app.setNotFoundHandler((request, reply) => sendProblem(reply, notFound(request)))
}

function sendProblem(reply: FastifyReply, problem: ServiceProblem): FastifyReply {
  const document = Buffer.from(hideSecrets(JSON.stringify(problem.toJSON())))
  const { raw } = reply.request
  const isBodyUnread = hasBody(raw) && !raw.readableEnded
  if (giveUpBody(raw)) reply.header('connection', 'close')
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .header('content-type', 'application/problem+json')
    .header('content-length', document.length)
    .send(isBodyUnread ? Readable.from(answerAndLinger(document, raw, reply.server.closing)) : document)
}

/** Answers requests that Fastify refuses before routing: their path can't be decoded, or is too long. */
export function refusedPathHandler(answerHeaders: AnswerHeadersOf) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    sendProblem(reply.headers(answerHeaders(request.headers)), toProblem(error))
  }
}

type AnswerHeadersOf = (headers: IncomingHttpHeaders) => Record<string, string>

/** Answers a message that isn't HTTP, or whose header arrives too slowly (like Node's own `clientError` handler). */
export function refusedMessageHandler(answerHeaders: AnswerHeadersOf) {
  return (error: NodeJS.ErrnoException & { reason?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const detail = detailOf(error)
    refuseMessage(socket, error.code, { detail, headers: answerHeaders({}) })
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
export function refuseExpectations(server: Server, answerHeaders: AnswerHeadersOf): void {
  server.on('checkExpectation', ({ headers, socket }: IncomingMessage) => {
    const detail = `the expectation "${headers.expect}" is not supported: send "Expect: 100-continue", or no Expect`
    refuseMessage(socket, expectationFailed, { detail, headers: answerHeaders(headers) })
  })
}

/** Writes a problem document to a connection whose request can't be answered in the usual way, and closes it. */
export function refuseMessage(
  socket: Socket,
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

const expectationFailed = 'expectation-failed'
const malformed = { status: 400, code: 'malformed-request', title: 'Malformed request' }
const refusals: Readonly<Record<string, typeof malformed>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'request-timeout', title: 'Request timeout' },
  [expectationFailed]: { status: 417, code: expectationFailed, title: 'Expectation failed' },
  HPE_HEADER_OVERFLOW: { status: 431, code: 'headers-too-large', title: 'Headers too large' },
}

const maxDiscardedBytes = 128 * 1024 * 1024

/**
 * Sends the whole answer at once, but ends it only when the rest of the request has been read and discarded.
 * Closing a connection while bytes still arrive resets it, and the client may lose the answer (RFC 9112, 9.6).
 */
async function* answerAndLinger(
  document: Buffer,
  request: IncomingMessage,
  closing: AbortSignal,
): AsyncGenerator<Buffer> {
  let bytes = 0
  // A reader that stopped halfway would hold the rest back, and with it the next request of the connection.
  request.removeAllListeners('readable')
  request.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length
    if (bytes > maxDiscardedBytes) request.destroy()
  })
  yield document
  // The answer is complete, however the request ends.
  await finished(request, { signal: closing }).catch(() => undefined)
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function routeOf({ method, routeOptions }: FastifyRequest): string {
  return `${method} ${routeOptions.url}`
}

/** Turns an error into a problem. An unknown error becomes an opaque 500 with the error as its cause. */
export function toProblem(
  error: Error & Partial<Pick<FastifyError, 'code' | 'statusCode' | 'validation'>>,
): ServiceProblem {
  if (error instanceof ServiceProblem) return error
  if (error instanceof UnexpectedReply && error.status === 503) {
    return unavailable(
      error.code ?? 'unavailable',
      error.problem?.detail ?? error.message,
      Number(error.retryAfter) || 1, // it may be a date, or missing
    )
  }
  // The other service waited for the body that this service passes on, so the client sends too slowly.
  if (error instanceof UnexpectedReply && error.status === 408)
    return new ServiceProblem(408, 'request-timeout', error.problem?.detail ?? error.message)
  if (isOutage(error)) {
    const cause = error instanceof ServiceUnavailable && error.isLogged ? undefined : error
    return unavailable('unavailable', `${error.message}; try again`, 1, cause)
  }
  if (error instanceof ClientGone || (error.code === 'ECONNRESET' && error.message === 'aborted')) {
    return new ServiceProblem(400, 'incomplete-body', 'the connection ended before the body was complete')
  }
  if (error.validation) return new ServiceProblem(400, 'invalid-request', error.message)
  const status = error.statusCode ?? 500
  if (status < 500)
    return new ServiceProblem(
      status,
      clientErrors[status] ?? 'invalid-request',
      clearerMessages[error.code ?? ''] ?? error.message,
    )
  return new ServiceProblem(
    500,
    'internal-error',
    'an internal error; the details are in the log of this service',
    {
      cause: error,
    },
  )
}

const clientErrors: Readonly<Record<number, string>> = {
  404: 'not-found',
  413: 'too-large',
  414: 'path-too-long',
  415: 'unsupported-media-type',
}

/** Messages for errors of Fastify whose own message doesn't help. */
const clearerMessages: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not valid JSON',
  FST_ERR_CTP_INVALID_MEDIA_TYPE:
    'the Content-Type of the body is not supported for this path: send application/json, or no body',
}

function wrongMethod(request: FastifyRequest, methods: Set<string>): ServiceProblem {
  const allow = [...methods].join(', ')
  return new ServiceProblem(
    405,
    'method-not-allowed',
    `${request.method} is not allowed for this path; allowed: ${allow}`,
    {
      headers: { allow },
    },
  )
}

function noSuchRoute(request: FastifyRequest, path: string, existsWithoutSlash: boolean): ServiceProblem {
  const remedy = existsWithoutSlash ? '; leave out the slash at its end' : ''
  return new ServiceProblem(404, 'no-such-route', `no such route: ${request.method} ${path}${remedy}`)
}

/** The router also finds `/things/:id` for `/things/`, with an empty id. */
export function lacksParameter({ params }: FastifyRequest): boolean {
  return Object.entries(params ?? {}).some(([name, value]) => name !== '*' && value === '')
}

function pathPattern(url: string): RegExp {
  const source = url
    .split('/')
    .map(part => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.+' : RegExp.escape(part)))
    .join('/')
  return new RegExp(`^${source}$`)
}
