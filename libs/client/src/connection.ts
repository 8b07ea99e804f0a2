import { DarkroomError } from './darkroom-error.ts'

export interface ConnectionOptions {
  /** Where Darkroom is, with a path if it has one. */
  url: string | URL
  /** An API key, `dk_…`. */
  key?: string | undefined
  /** For how long a request is tried again while Darkroom is away or overloaded. */
  patienceMs?: number | undefined
  /** In the place of the global fetch. */
  fetch?: typeof fetch | undefined
}

export type RequestOptions = Omit<RequestInit, 'headers'> & {
  headers?: Readonly<Record<string, string>>
  /** Called with the reason when a request is to be tried again. */
  onRetry?: ((reason: string) => void) | undefined
  /** Not tried again. */
  once?: boolean
}

/** Requests with the key, tried again while that may help. */
export class Connection {
  readonly base: string
  readonly #authorization: string | undefined
  readonly #patienceMs: number
  readonly #fetch: typeof fetch

  constructor({ url, key, patienceMs = 60_000, fetch = globalThis.fetch }: ConnectionOptions) {
    const given = new URL(url)
    const { username, password } = given
    // fetch refuses URLs with credentials.
    const basic = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    this.#authorization = key ? `Bearer ${key}` : username ? `Basic ${base64(basic)}` : undefined
    given.username = ''
    given.password = ''
    this.base = `${given.origin}${given.pathname.replace(/\/+$/, '')}`
    this.#patienceMs = patienceMs
    this.#fetch = (...request) => fetch(...request)
  }

  /** The answer, if it is a success. Bodies must be bytes or text: they may be sent again. @throws DarkroomError */
  async request(path: string, { onRetry, once = false, ...init }: RequestOptions = {}): Promise<Response> {
    for (const deadline = Date.now() + this.#patienceMs, tries = { count: 0 }; ; tries.count++) {
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
