import type { ImageStatus } from './types.ts'

interface Problem {
  type: string
  title: string
  status: number
  detail?: string
}

/** Darkroom, or a proxy in front of it, refused a request. The message is for people, `code` for programs. */
export class DarkroomError extends Error {
  override readonly name: string = 'DarkroomError'
  /** The HTTP status; 0 if no response arrived. */
  readonly status: number
  /** The stable code of a problem, such as `image-not-found`; undefined if the response is not from Darkroom. */
  readonly code: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(
    message: string,
    options: {
      status: number
      code?: string | undefined
      retryAfterSeconds?: number | undefined
      cause?: unknown
    },
  ) {
    super(message, { cause: options.cause })
    this.status = options.status
    this.code = options.code
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  /** Whether the same request may succeed later. */
  get isTemporary(): boolean {
    return [0, 408, 423, 429, 502, 503, 504].includes(this.status)
  }

  /** Whether the request may have been processed: its response was lost, here or between a proxy or services of Darkroom. */
  get isUncertain(): boolean {
    return this.status === 0 || this.status >= 500
  }

  static async from(response: Response): Promise<DarkroomError> {
    const { status, headers } = response
    const retryAfterSeconds = secondsOf(headers.get('retry-after'))
    const text = await response.text().catch(() => '')
    const problem = readProblem(text)
    if (problem) {
      const code = /^urn:darkroom:problem:(.+)$/.exec(problem.type)?.[1]
      return new DarkroomError(problem.detail ?? problem.title, { status, code, retryAfterSeconds })
    }
    return DarkroomError.foreign(response, text)
  }

  /** For a response that is not from Darkroom. */
  static foreign(response: Response, text = ''): DarkroomError {
    const { status, headers } = response
    const retryAfterSeconds = secondsOf(headers.get('retry-after'))
    return new DarkroomError(describeResponse(response, text), { status, retryAfterSeconds })
  }

  static redirected(from: string, location: string | null): DarkroomError {
    const origin = location !== null && URL.canParse(location, from) && new URL(location, from).origin
    const words = `${new URL(from).origin} redirects${origin ? ` to ${origin}` : ''}`
    return new DarkroomError(`${words}; use the URL to which it redirects`, { status: 301 })
  }

  static broken(response: Response, cause: unknown): DarkroomError {
    const words = `the connection to ${originOf(response)} was lost before the whole response arrived`
    return new DarkroomError(words, { status: 0, cause })
  }

  static unreachable(url: string, cause: unknown): DarkroomError {
    return new DarkroomError(`nothing answers at ${url}${hintForPage(url)}`, { status: 0, cause })
  }
}

/** Browsers don't show to a page whether a server of another origin refused it or does not answer. */
function hintForPage(url: string): string {
  const { location } = globalThis as { location?: { origin: string } }
  if (!location || location.origin === new URL(url).origin) return ''
  return `, or its CORS_ORIGINS does not contain ${location.origin}`
}

/** The image was accepted, but could not be developed. */
export class ImageFailed extends DarkroomError {
  override readonly name = 'ImageFailed'
  readonly image: ImageStatus

  constructor(image: ImageStatus) {
    const code = image.error?.type.replace('urn:darkroom:problem:', '')
    super(image.error?.detail ?? 'the image could not be developed', { status: 422, code })
    this.image = image
  }
}

/** Retry-After in seconds or as a date (RFC 9110, 10.2.3); undefined if it is neither. */
function secondsOf(retryAfter: string | null): number | undefined {
  if (retryAfter === null || retryAfter.trim() === '') return undefined
  const seconds = Number(retryAfter)
  const given = Number.isNaN(seconds) ? (Date.parse(retryAfter) - Date.now()) / 1000 : seconds
  return Number.isFinite(given) && given > 0 ? given : undefined
}

function readProblem(text: string): Problem | undefined {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null
    const isProblem = typeof value?.type === 'string' && typeof value.title === 'string'
    return isProblem ? (value as Problem) : undefined
  } catch {
    return undefined // a proxy's page
  }
}

/** For a response that is not a problem document: it comes from a proxy, or from another server. */
function describeResponse(response: Response, text: string): string {
  const { status } = response
  const origin = originOf(response)
  if (status === 413)
    return `a proxy in front of Darkroom refuses a body of this size (413); with nginx, set client_max_body_size 0`
  if (status >= 502 && status <= 504) return `a proxy at ${origin} cannot reach Darkroom (${status})`
  const title = /<title>([^<]*)<\/title>/i.exec(text)?.[1]?.trim()
  return `${origin} answered ${status}${title ? ` (${title})` : ''}, which is not a response from Darkroom; check the URL`
}

/** A response that another fetch made may have no URL. */
function originOf({ url }: Response): string {
  return url === '' ? 'the server' : new URL(url).origin
}
