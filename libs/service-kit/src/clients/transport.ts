import type { Transport, WireReply, WireRequest } from '@darkroom/contracts'
import { misdirected } from '../http/closing.ts'
import { collectingMemory } from '../memory/streamed-memory.ts'
import { ServiceUnavailable } from '../problems/problems.ts'
import { Backoff } from '../time/backoff.ts'
import { readBaseUrl, withoutCredentials } from './base-url.ts'
import { wasNeverSent } from './never-sent.ts'
import { type Dispatcher, errors } from './undici.ts'

/** Finds instances of one service. */
export interface Resolver {
  /**
   * Returns the base URL of an instance, which may have a path and credentials. While no instance is known, it waits until
   * one is, or until the signal from `giveUp` is aborted; then it returns undefined.
   */
  pick(giveUp: () => AbortSignal): Promise<string | undefined>
  /** Marks an instance that didn't answer, so that others are preferred for a moment. */
  suspect(url: string): void
}

/** A resolver for a single, fixed instance. */
export function fixedAddress(url: string): Resolver {
  return { pick: async () => url, suspect: () => undefined }
}

export interface TransportOptions {
  service: string
  resolver: Resolver
  dispatcher: Dispatcher
  clusterToken?: string | undefined
  /** How long to retry until an instance can be reached: long enough for a restart. */
  timeoutMs?: number | undefined
  /** How long an instance may take to answer after it has received the request. */
  responseTimeoutMs?: number | undefined
}

/** A streamed body is sent at the pace of its client. An instance that reads no byte of it for this long counts as gone. */
const unreadTimeoutMs = 60_000

/**
 * Sends requests to any instance that answers. A request is sent again when that is safe: it was never sent (connection
 * refused), an instance that shuts down refused it, or its contract declares it idempotent. An idempotent request is also
 * repeated after a 503, because the engine behind an instance may recover. A streamed body can be sent again only if none of
 * it was read.
 *
 * @throws ServiceUnavailable when no instance answered within `timeoutMs`
 */
export function createTransport(options: TransportOptions): Transport {
  const {
    service,
    resolver,
    dispatcher,
    clusterToken,
    timeoutMs = 10_000,
    responseTimeoutMs = 10_000,
  } = options

  return async request => {
    const deadline = performance.now() + timeoutMs
    const backoff = new Backoff(20, 500)
    /** Created only when there is something to wait for: most requests get their response at once. */
    let timeout: AbortSignal | undefined
    const giveUp = () => {
      timeout ??= AbortSignal.timeout(Math.max(0, Math.ceil(deadline - performance.now())))
      return request.signal ? AbortSignal.any([timeout, request.signal]) : timeout
    }
    let lastError: unknown
    for (;;) {
      const base = await resolver.pick(giveUp)
      request.signal?.throwIfAborted()
      if (base === undefined)
        throw new ServiceUnavailable(service, lastError ?? new Error('no instance is registered'))
      const body = new TrackedBody(request.body)
      try {
        const reply = await sendOnce(base, request, body)
        const isMisdirected = reply.statusCode === misdirected
        if (!isMisdirected && !(isUnavailable(reply, request) && !body.isSpent)) return reply
        lastError = new Error(
          `${withoutCredentials(base)} answered ${reply.statusCode}: ${await reply.body.text()}`,
        )
      } catch (error) {
        request.signal?.throwIfAborted()
        if (body.failure !== undefined) throw body.failure
        if (!mayRepeat(request, error)) throw new ServiceUnavailable(service, error)
        lastError = error
      }
      resolver.suspect(base)
      if (body.isSpent) throw new ServiceUnavailable(service, lastError)
      await backoff.wait(giveUp())
      if (performance.now() > deadline) throw new ServiceUnavailable(service, lastError)
    }
  }

  async function sendOnce(base: string, request: WireRequest, body: TrackedBody): Promise<WireReply> {
    const answerMs = responseTimeoutMs + request.heldMs
    using answering = body.isStreamed ? new ResponseTimeout(body.sent, answerMs) : undefined
    const signals = [answering?.signal, request.signal].filter(signal => signal !== undefined)
    const { origin, path, authorization } = readBaseUrl(base)
    const credentials = clusterToken === undefined ? authorization : `Bearer ${clusterToken}`
    return await dispatcher.request({
      origin,
      path: path + request.path,
      method: request.method,
      headers: { ...request.headers, ...(credentials !== undefined && { authorization: credentials }) },
      // undici accepts any async iterable, but its types allow only Node's streams.
      body: (body.content ?? null) as Buffer | string | null,
      headersTimeout: body.isStreamed ? Math.max(unreadTimeoutMs, answerMs) : answerMs,
      bodyTimeout: answerMs,
      signal: signals.length > 1 ? AbortSignal.any(signals) : (signals[0] ?? null),
    })
  }
}

/** Aborts a request whose response does not begin in time. The time starts when the whole body has been sent. */
class ResponseTimeout {
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(sent: Promise<void>, ms: number) {
    void sent.then(() => {
      if (this.#isOver) return
      this.#timer = setTimeout(() => this.#controller.abort(new errors.HeadersTimeoutError()), ms)
    })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }
}

/** A body that records whether its stream was read, and that undici can't destroy before then. */
class TrackedBody {
  readonly content: WireRequest['body']
  readonly isStreamed: boolean
  isSpent = false
  /** An error of the body itself, which is the caller's fault, not the service's. */
  failure: unknown
  readonly #whole = Promise.withResolvers<void>()

  constructor(body: WireRequest['body']) {
    const isRepeatable = body === undefined || typeof body === 'string' || body instanceof Uint8Array
    this.isStreamed = !isRepeatable
    this.content = isRepeatable ? body : this.#read(body)
  }

  /** Resolves when a streamed body has been read to its end. */
  get sent(): Promise<void> {
    return this.#whole.promise
  }

  async *#read(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.isSpent = true
    try {
      yield* collectingMemory(body)
      this.#whole.resolve()
    } catch (error) {
      this.failure = error
      throw error
    }
  }
}

function isUnavailable({ statusCode }: WireReply, request: WireRequest): boolean {
  return statusCode === 503 && request.idempotent && !request.expectsUnavailable
}

const brokenConnection = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])

function mayRepeat(request: WireRequest, error: unknown): boolean {
  if (wasNeverSent(error)) return true
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return request.idempotent && (error instanceof errors.UndiciError || brokenConnection.has(code))
}
