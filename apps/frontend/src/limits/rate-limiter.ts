/** What is left to a name after one more request. */
export interface Allowance {
  isAllowed: boolean
  /** So many requests are allowed at once from now on. */
  remaining: number
  /** Until all are allowed again. */
  resetSeconds: number
  /** Until the next is allowed; 0 while requests remain. */
  retryAfterSeconds: number
}

/** Beyond that, names are forgotten: first those with nothing to remember, then those not seen for longest. */
const maxNames = 100_000

/**
 * Allows each name so many requests in a window: in any bursts, and refilled evenly (the generic cell rate algorithm,
 * ITU-T I.371). Of a name one number is kept: the moment at which its whole window is free again.
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
    // A millionth of slack: sums of fractions are not exact.
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
    this.#freeAt.delete(name) // so that the order of the map is that of the last requests
    this.#freeAt.set(name, freeAt)
    if (this.#freeAt.size <= maxNames) return
    for (const [other, otherFreeAt] of this.#freeAt) if (otherFreeAt <= now) this.#freeAt.delete(other)
    for (const other of this.#freeAt.keys()) {
      if (this.#freeAt.size <= maxNames / 2) break
      this.#freeAt.delete(other)
    }
  }
}
