import { DarkroomError } from './darkroom-error.ts'

export interface ConnectionOptions {
  /** The URL of Darkroom, with its path if it has one. */
  url: string | URL
  /** An API key, `dk_…`. */
  key?: string | undefined
  /** How long a request is retried while Darkroom does not answer or is overloaded. */
  retryTimeoutMs?: number | undefined
  /** Used instead of the global fetch. */
  fetch?: typeof fetch | undefined
}

export type RequestOptions = Omit<RequestInit, 'headers'> & {
  headers?: Readonly<Record<string, string>>
  /** Called with the reason before a request is retried. */
  onRetry?: ((reason: DarkroomError) => void) | undefined
  /** Whether the request is never retried. */
  once?: boolean
}

type Init = Omit<RequestOptions, 'onRetry' | 'once'>

/** Sends requests with the key, and retries them while that may help. */
export class Connection {
  readonly base: string
  readonly #authorization: string | undefined
  readonly #retryTimeoutMs: number
  readonly #fetch: typeof fetch

  constructor({ url, key, retryTimeoutMs = 60_000, fetch = globalThis.fetch }: ConnectionOptions) {
    if (!/^https?:\/\//i.test(String(url)))
      throw new TypeError(`the URL of Darkroom must begin with http:// or https://, got "${url}"`)
    if (!URL.canParse(String(url))) throw new TypeError(`the URL of Darkroom is not a valid URL: "${url}"`)
    const given = new URL(url)
    // fetch would fail as if no server answered.
    if (key !== undefined && !/^[!-~]*$/.test(key.trim()))
      throw new TypeError('the API key contains characters that no key has; copy it again')
    // Requests would be retried forever.
    if (!(typeof retryTimeoutMs === 'number' && retryTimeoutMs >= 0))
      throw new TypeError(`retryTimeoutMs must be a number of milliseconds from 0 on, got ${retryTimeoutMs}`)
    const { username, password } = given
    const basic = `${decoded(username)}:${decoded(password)}`
    this.#authorization = key?.trim()
      ? `Bearer ${key.trim()}`
      : username
        ? `Basic ${base64(basic)}`
        : undefined
    // fetch refuses URLs with credentials.
    given.username = ''
    given.password = ''
    this.base = `${given.origin}${given.pathname.replace(/\/+$/, '')}`
    this.#retryTimeoutMs = retryTimeoutMs
    this.#fetch = (...request) => fetch(...request)
  }

  /**
   * Returns a successful response. Bodies must be bytes or text, because they may be sent again.
   *
   * @throws DarkroomError; TypeError if a header has characters that headers can't have
   */
  request(path: string, options: RequestOptions = {}): Promise<Response> {
    return this.#retried(options, init => this.#try(path, init))
  }

  /** Returns the document of a successful response. @throws DarkroomError, also if the response is not from Darkroom */
  json<Document extends object>(path: string, options: RequestOptions = {}): Promise<Document> {
    return this.#retried(options, async init => {
      const response = await this.#try(path, init)
      const text = await response.text().catch(cause => {
        init.signal?.throwIfAborted()
        throw DarkroomError.broken(response, cause)
      })
      const document = fromJson(text)
      if (typeof document === 'object' && document !== null) return document as Document
      throw DarkroomError.foreign(response, text)
    })
  }

  async #retried<Result>(
    { onRetry, once = false, ...init }: RequestOptions,
    attempt: (init: Init) => Promise<Result>,
  ): Promise<Result> {
    for (const retries = this.retries(); ; ) {
      try {
        return await attempt(init)
      } catch (error) {
        init.signal?.throwIfAborted()
        if (once || !(error instanceof DarkroomError && error.isTemporary)) throw error
        await retries.wait(error, { onRetry, signal: init.signal })
      }
    }
  }

  /** For an action that may be retried until `retryTimeoutMs` has passed. */
  retries(): Retries {
    return new Retries(this.#retryTimeoutMs)
  }

  async #try(path: string, init: Init): Promise<Response> {
    const headers = { ...init.headers, ...(this.#authorization && { authorization: this.#authorization }) }
    new Headers(headers) // throws for an invalid header, which fetch would report like a lost connection
    // Following a redirect can turn a POST into a GET, and loses the key.
    const isRead = ['GET', 'HEAD'].includes(init.method ?? 'GET')
    const redirect = isRead ? 'follow' : 'manual'
    const url = `${this.base}${path}`
    const response = await this.#fetch(url, { ...init, headers, redirect }).catch(cause => {
      init.signal?.throwIfAborted()
      if (cause.cause?.name === 'NotReadableError')
        throw new Error('the file was changed or deleted while it was being read', { cause })
      throw DarkroomError.unreachable(this.base, cause)
    })
    if (response.ok || response.status === 304) return response
    const isRedirect = response.status >= 300 && response.status < 400
    if (response.redirected || isRedirect || response.type === 'opaqueredirect') {
      await response.body?.cancel()
      const location = response.redirected ? response.url : response.headers.get('location')
      throw DarkroomError.redirected(url, location)
    }
    throw await DarkroomError.from(response)
  }
}

/** Waits before each further attempt: as long as `Retry-After` requests, otherwise longer each time. */
class Retries {
  readonly #deadline: number
  #count = 0

  constructor(timeoutMs: number) {
    this.#deadline = performance.now() + timeoutMs
  }

  /** @throws the error itself, if the next attempt would come too late; the reason of the signal */
  async wait(
    error: DarkroomError,
    { onRetry, signal }: Pick<RequestOptions, 'onRetry'> & { signal?: AbortSignal | null | undefined },
  ): Promise<void> {
    const backoffMs = Math.min(200 * 2 ** this.#count++, 5000) * (0.5 + Math.random() / 2)
    const waitMs = error.retryAfterSeconds ? error.retryAfterSeconds * 1000 : backoffMs
    if (performance.now() + waitMs > this.#deadline) throw error
    onRetry?.(error)
    await pause(waitMs, signal)
  }
}

export function base64(text: string): string {
  const characters = Array.from(new TextEncoder().encode(text), byte => String.fromCharCode(byte))
  return btoa(characters.join(''))
}

/** A % that encodes nothing is part of a password. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Undefined for text that is not JSON, such as another server's page. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export async function pause(milliseconds: number, signal?: AbortSignal | null): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const passed = new Promise<void>(resolve => {
    timer = setTimeout(resolve, milliseconds)
  })
  await unlessAborted(passed, signal).finally(() => clearTimeout(timer))
}

/** Rejects with the reason of the signal, even if the promise stays pending. */
export function unlessAborted<Value>(promise: Promise<Value>, signal?: AbortSignal | null): Promise<Value> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal?.reason)
    if (signal?.aborted) end()
    signal?.addEventListener('abort', end, { once: true })
    promise.then(resolve, reject).finally(() => signal?.removeEventListener('abort', end))
  })
}
