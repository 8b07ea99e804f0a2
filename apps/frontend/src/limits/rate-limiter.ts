/** How many requests a name has left after one more request. */
export interface Allowance {
  isAllowed: boolean
  /** How many more requests are allowed now. */
  remaining: number
  /** The time until all requests of the window are allowed again. */
  resetSeconds: number
  /** The time until the next request is allowed; 0 while requests remain. */
  retryAfterSeconds: number
}

/** The maximum number of names. Names without recent requests are dropped first, then the least recently seen names. */
const maxNames = 100_000

/**
 * Allows each name a number of requests in a window, even in a burst; the allowance refills evenly (generic cell rate
 * algorithm, ITU-T I.371). It stores one number for each name: the time at which the whole allowance is available again.
 */
export class RateLimiter {
  readonly limit: number
  readonly windowMs: number
  readonly #freeAt = new Map<string, number>()
  readonly #now: () => number

  /** `now` is in milliseconds, and never goes back. */
  constructor(limit: number, windowMs: number, now: () => number = () => performance.now()) {
    this.limit = limit
    this.windowMs = windowMs
    this.#now = now
  }

  take(name: string): Allowance {
    const now = this.#now()
    const costMs = this.windowMs / this.limit
    const known = Math.max(this.#freeAt.get(name) ?? now, now)
    // Allows an error of a millionth, because sums of fractions are not exact.
    const isAllowed = known + costMs - now <= this.windowMs + 1e-6 * this.windowMs
    const freeAt = isAllowed ? known + costMs : known
    if (isAllowed) this.#remember(name, freeAt, now)
    const usedMs = freeAt - now
    return {
      isAllowed,
      remaining: Math.max(0, Math.floor((this.windowMs - usedMs) / costMs + 1e-6)),
      resetSeconds: Math.ceil(usedMs / 1000),
      retryAfterSeconds: Math.max(0, Math.ceil((usedMs + costMs - this.windowMs) / 1000)),
    }
  }

  #remember(name: string, freeAt: number, now: number): void {
    this.#freeAt.delete(name) // so that the map is in the order of the last requests
    this.#freeAt.set(name, freeAt)
    if (this.#freeAt.size <= maxNames) return
    for (const [other, otherFreeAt] of this.#freeAt) if (otherFreeAt <= now) this.#freeAt.delete(other)
    for (const other of this.#freeAt.keys()) {
      if (this.#freeAt.size <= maxNames / 2) break
      this.#freeAt.delete(other)
    }
  }
}
