/** A timeout whose time passes only while something is awaited. */
export class PausedTimeout {
  #leftMs: number
  readonly #now: () => number
  readonly #controller = new AbortController()

  constructor(ms: number, now: () => number = () => performance.now()) {
    this.#leftMs = ms
    this.#now = now
  }

  /** Aborted when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The time passes until the work has ended. One work at a time; it must end when the signal is aborted. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const begunAt = this.#now()
    const end = () => this.#controller.abort(new DOMException('the time limit is reached', 'TimeoutError'))
    const timer = setTimeout(end, this.#leftMs)
    try {
      return await work()
    } finally {
      clearTimeout(timer)
      this.#leftMs = Math.max(0, this.#leftMs - (this.#now() - begunAt))
    }
  }
}
