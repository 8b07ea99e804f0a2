import { type Problem, problemCode, problemTitle, problemType, UnexpectedReply } from '@darkroom/contracts'

interface ProblemOptions {
  title?: string
  headers?: Record<string, string>
  /** Further members of the document (RFC 9457, 3.2). */
  members?: Record<string, unknown>
  cause?: unknown
}

/** An error that is answered as a problem (RFC 9457). Any other error becomes one opaque 500. */
export class ServiceProblem extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly headers: Record<string, string>
  readonly members: Record<string, unknown>

  constructor(status: number, code: string, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause })
    this.status = status
    this.code = code
    this.title = options.title ?? problemTitle(code)
    this.headers = options.headers ?? {}
    this.members = options.members ?? {}
  }

  /** Passes on a problem that another service returned. */
  static relay({ body, headers }: { body: Problem; headers: Record<string, unknown> }): ServiceProblem {
    const retryAfter = headers['retry-after']
    return new ServiceProblem(body.status, problemCode(body) ?? 'unknown', body.detail ?? body.title, {
      title: body.title,
      headers: typeof retryAfter === 'string' ? { 'retry-after': retryAfter } : {},
    })
  }

  toJSON(): Problem {
    const { code, title, status, message: detail, members } = this
    return { type: problemType(code), title, status, detail, ...members }
  }
}

/** No instance of a service answers. */
export class ServiceUnavailable extends Error {
  readonly service: string
  /** Whether it has been logged, so that the request handler does not log it again. */
  readonly isLogged: boolean

  constructor(service: string, cause: unknown, { isLogged = false } = {}) {
    super(`${service} does not answer`, { cause })
    this.service = service
    this.isLogged = isLogged
  }
}

/** The client disconnected, so no response is needed. */
export class ClientGone extends Error {}

/** A service has another cluster token than this service. */
export class TokenRefused extends Error {
  readonly service: string

  constructor(service: string) {
    super(`${service} refuses the cluster token: set the same CLUSTER_TOKEN for all services`)
    this.service = service
  }
}

/** The connection broke, or timed out, while the response was read. */
const brokenResponses = new Set([
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_SOCKET',
])

/** Whether an error is temporary: another service, or the engine behind it, does not answer. */
export function isOutage(error: unknown): boolean {
  if (error instanceof ServiceUnavailable) return true
  if (error instanceof UnexpectedReply) return error.status === 503
  return error instanceof Error && 'code' in error && brokenResponses.has(String(error.code))
}

/** A problem for expected overload and outages, with Retry-After in seconds. */
export function unavailable(
  code: string,
  detail: string,
  retryAfterSeconds: number,
  cause?: unknown,
): ServiceProblem {
  const headers = { 'retry-after': String(retryAfterSeconds) }
  return new ServiceProblem(503, code, detail, { headers, cause })
}

/** A problem for a client that exceeds a limit, with Retry-After in seconds. */
export function tooManyRequests(code: string, detail: string, retryAfterSeconds: number): ServiceProblem {
  const headers = { 'retry-after': String(retryAfterSeconds) }
  return new ServiceProblem(429, code, detail, { headers })
}

export function tooLarge(maxBytes: number): ServiceProblem {
  return new ServiceProblem(413, 'too-large', `the body is larger than ${maxBytes} bytes`)
}
