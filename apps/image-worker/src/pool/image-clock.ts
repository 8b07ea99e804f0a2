/** The time limit for one image. It doesn't run while the image waits. */
export class ImageClock {
  readonly #limitMs: number
  readonly #onTimeout: () => void
  #remainingMs = 0
  #resumedAt = 0
  #timer: NodeJS.Timeout | undefined

  constructor(limitMs: number, onTimeout: () => void) {
    this.#limitMs = limitMs
    this.#onTimeout = onTimeout
  }

  start(): void {
    this.pause()
    this.#remainingMs = this.#limitMs
    this.resume()
  }

  pause(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#remainingMs -= performance.now() - this.#resumedAt
  }

  resume(): void {
    this.#resumedAt = performance.now()
    this.#timer = setTimeout(this.#onTimeout, Math.max(this.#remainingMs, 0))
  }
}
