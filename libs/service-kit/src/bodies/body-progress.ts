import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { imageIdIn } from '../log/image-id.ts'
import { ClientGone } from '../problems/problems.ts'
import { bodyTimeoutAs5xx, refuseMessage } from '../problems/refuse-message.ts'
import { hasBody } from '../problems/send-problem.ts'
import { defaultBodyBounds } from '../settings/config.ts'
import { isBodyAwaited } from './awaited-bodies.ts'

/** The limits on how slowly a request body may arrive. */
export interface BodyBounds {
  /** The longest time without a byte, in milliseconds. */
  bodyStallMs?: number | undefined
  /** The lowest average rate over `bodyWindowMs` (a minute by default). */
  bodyMinBytesPerSecond?: number | undefined
  bodyWindowMs?: number | undefined
}

export interface AbortResponses {
  responseHeaders: (headers: IncomingHttpHeaders) => Record<string, string>
  /** Whether the client of a request repeats it after a 5xx, but not after a 408. */
  isRepeatedOnlyAfter5xx?: ((headers: IncomingHttpHeaders) => boolean) | undefined
}

/** The longest time without a byte while the app closes, so that a stalled client doesn't delay the shutdown. */
const closingStallMs = 2000

/**
 * Aborts requests whose body stalls or arrives too slowly, no matter how long they have lasted. The client gets a 408, or
 * a 503 if it would not repeat the request after a 408. The log gets one line. Time in which the service itself does not
 * read doesn't count, because the client can't send then.
 *
 * An internal service allows half of the rate over twice the time. So the public service always aborts a slow request
 * first, and the internal services see a client that hung up.
 */
export function requireProgress(
  app: FastifyInstance,
  given: BodyBounds & AbortResponses,
  isPublic: boolean,
): void {
  const limits = limitsFrom(given, isPublic)
  const tickMs = Math.min(closingStallMs, limits.stallMs, limits.windowMs) / 4
  const receiving = new Map<IncomingMessage, Arrival>()

  let checkedAt = 0
  let timer: NodeJS.Timeout | undefined
  // Only while bodies arrive: an idle process is not woken.
  const startChecking = () => {
    if (timer !== undefined) return
    checkedAt = performance.now()
    timer = setInterval(check, tickMs).unref()
  }
  const stopChecking = () => {
    clearInterval(timer)
    timer = undefined
  }
  const check = () => {
    const now = performance.now()
    // While the process was suspended or busy, it could not see that bytes arrived.
    const elapsedMs = Math.min(now - checkedAt, 2 * tickMs)
    checkedAt = now
    if (receiving.size === 0) stopChecking()
    for (const [request, arrival] of receiving) {
      if (request.complete || request.destroyed) {
        receiving.delete(request)
        continue
      }
      arrival.observe(Math.min(elapsedMs, now - arrival.begunAt))
      const violation = violationOf(arrival, limits, app.closing.aborted)
      if (violation === undefined) continue
      receiving.delete(request)
      const { method, url } = request
      app.log.info({ ...imageIdIn(url), method, url }, `request aborted: ${violation}`)
      abort(request, arrival.response, violation, given)
    }
  }

  const server = app.server as Server
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!hasBody(request)) return
    receiving.set(request, new Arrival(request, response))
    startChecking()
    request.once('close', () => receiving.delete(request))
  })
  app.addHook('onClose', async () => stopChecking())
}

interface Limits {
  readonly stallMs: number
  readonly windowMs: number
  readonly minBytesPerSecond: number
}

function limitsFrom(
  {
    bodyStallMs = defaultBodyBounds.bodyStallMs,
    bodyMinBytesPerSecond = defaultBodyBounds.bodyMinBytesPerSecond,
    bodyWindowMs = 60_000,
  }: BodyBounds,
  isPublic: boolean,
): Limits {
  const factor = isPublic ? 1 : 2
  return {
    stallMs: factor * bodyStallMs,
    windowMs: factor * bodyWindowMs,
    minBytesPerSecond: bodyMinBytesPerSecond / factor,
  }
}

/**
 * The limit that a body violates, in words; undefined if there is none. Begins a new window when the current window is full.
 */
function violationOf(
  arrival: Arrival,
  { stallMs, windowMs, minBytesPerSecond }: Limits,
  isClosing: boolean,
): string | undefined {
  const allowedMs = isClosing ? Math.min(stallMs, closingStallMs) : stallMs
  if (arrival.silentMs >= allowedMs) return `no byte of the body arrived for ${allowedMs} ms`
  if (arrival.windowMs < windowMs) return undefined
  const bytesPerSecond = Math.floor((1000 * arrival.windowBytes) / arrival.windowMs)
  arrival.beginWindow()
  if (bytesPerSecond >= minBytesPerSecond) return undefined
  return `the body arrived at ${bytesPerSecond} bytes/s; at least ${minBytesPerSecond} are required`
}

/** Tracks how the body of one request arrives. */
class Arrival {
  readonly response: ServerResponse
  readonly begunAt = performance.now()
  silentMs = 0
  windowMs = 0
  readonly #request: IncomingMessage
  #bytesSeen: number
  #bytesAtWindow: number

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request
    this.response = response
    this.#bytesSeen = request.socket.bytesRead
    this.#bytesAtWindow = this.#bytesSeen
  }

  get windowBytes(): number {
    return this.#bytesSeen - this.#bytesAtWindow
  }

  beginWindow(): void {
    this.windowMs = 0
    this.#bytesAtWindow = this.#bytesSeen
  }

  observe(elapsedMs: number): void {
    const { readableLength, readableHighWaterMark, socket } = this.#request
    const hasProgressed = socket.bytesRead > this.#bytesSeen
    const isClientsTurn = readableLength < readableHighWaterMark && !isBodyAwaited(this.#request)
    this.#bytesSeen = socket.bytesRead
    this.silentMs = hasProgressed || !isClientsTurn ? 0 : this.silentMs + elapsedMs
    if (isClientsTurn) this.windowMs += elapsedMs
  }
}

function abort(
  request: IncomingMessage,
  response: ServerResponse,
  detail: string,
  { responseHeaders, isRepeatedOnlyAfter5xx = () => false }: AbortResponses,
): void {
  const { socket } = request
  const end = () => request.destroy(new ClientGone('the client stopped sending'))
  // Without a socket, the response still waits for an earlier response on the same connection.
  if (response.headersSent || response.socket === null || !socket.writable) {
    end()
    return
  }
  const needs5xx = isRepeatedOnlyAfter5xx(request.headers)
  const headers = { ...responseHeaders(request.headers), ...(needs5xx && { 'retry-after': '1' }) }
  const code = needs5xx ? bodyTimeoutAs5xx : 'ERR_HTTP_REQUEST_TIMEOUT'
  refuseMessage(socket, code, { detail, headers, whenSent: end })
}

/** Picks the body limits out of a service's settings. */
export function bodyBoundsIn({ bodyStallMs, bodyMinBytesPerSecond }: BodyBounds): BodyBounds {
  return { bodyStallMs, bodyMinBytesPerSecond }
}
