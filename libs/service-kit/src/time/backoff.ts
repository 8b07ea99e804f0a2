import { setTimeout as delay } from 'node:timers/promises'

/**
 * Exponential backoff: waits double from `firstMs` to at most `maxMs`. Each is shortened at random by up to half, so that
 * clients of one failed server don't come back together ("equal jitter"; AWS Architecture Blog, 2015).
 */
export class Backoff {
  #nextMs: number
  readonly #firstMs: number
  readonly #maxMs: number

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs
    this.#nextMs = firstMs
    this.#maxMs = maxMs
  }

  reset(): void {
    this.#nextMs = this.#firstMs
  }

  /** Resolves after the wait, or at once when `signal` is aborted. */
  async wait(signal?: AbortSignal): Promise<void> {
    const ms = this.#nextMs * (0.5 + Math.random() / 2)
    this.#nextMs = Math.min(this.#nextMs * 2, this.#maxMs)
    await delay(ms, undefined, signal && { signal }).catch(cause => {
      if (!signal?.aborted) throw cause
    })
  }
}
