import { DarkroomError } from './darkroom-error.ts'

export interface ConnectionOptions {
  /** Where Darkroom is, with a path if it has one. */
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
  onRetry?: ((reason: string) => void) | undefined
  /** Whether the request is never retried. */
  once?: boolean
}

/** Sends requests with the key, and retries them while that may help. */
export class Connection {
  readonly base: string
  readonly #authorization: string | undefined
  readonly #retryTimeoutMs: number
  readonly #fetch: typeof fetch

  constructor({ url, key, retryTimeoutMs = 60_000, fetch = globalThis.fetch }: ConnectionOptions) {
    const given = new URL(url)
    const { username, password } = given
    // fetch refuses URLs with credentials.
    const basic = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    this.#authorization = key ? `Bearer ${key}` : username ? `Basic ${base64(basic)}` : undefined
    given.username = ''
    given.password = ''
    this.base = `${given.origin}${given.pathname.replace(/\/+$/, '')}`
    this.#retryTimeoutMs = retryTimeoutMs
    this.#fetch = (...request) => fetch(...request)
  }

  /** Returns a successful answer. Bodies must be bytes or text, as they may be sent again. @throws DarkroomError */
  async request(path: string, { onRetry, once = false, ...init }: RequestOptions = {}): Promise<Response> {
    for (const deadline = Date.now() + this.#retryTimeoutMs, tries = { count: 0 }; ; tries.count++) {
      try {
        return await this.#try(path, init)
      } catch (error) {
        init.signal?.throwIfAborted()
        if (once || !(error instanceof DarkroomError && error.isTemporary) || Date.now() > deadline)
          throw error
        onRetry?.(error.message)
        const backoffMs = Math.min(200 * 2 ** tries.count, 5000) * (0.5 + Math.random() / 2)
        await pause(error.retryAfterSeconds ? error.retryAfterSeconds * 1000 : backoffMs, init.signal)
      }
    }
  }

  async #try(path: string, init: Omit<RequestOptions, 'onRetry' | 'once'>): Promise<Response> {
    const headers = { ...init.headers, ...(this.#authorization && { authorization: this.#authorization }) }
    const response = await this.#fetch(`${this.base}${path}`, { ...init, headers }).catch(cause => {
      init.signal?.throwIfAborted()
      if (cause.cause?.name === 'NotReadableError')
        throw new Error('the file was changed or deleted while it was being read', { cause })
      throw DarkroomError.unreachable(this.base, cause)
    })
    if (response.ok || response.status === 304) return response
    throw await DarkroomError.from(response)
  }
}

export function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}

export function pause(milliseconds: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', end, { once: true })
  })
}
