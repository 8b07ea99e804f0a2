/** One holder at a time, first come, first served. */
export class Mutex {
  #isHeld = false
  readonly #waiting: (() => void)[] = []

  /** Waits for the mutex, and resolves with a function that releases it; with undefined if it stays held for `maxMs`. */
  async acquire(maxMs: number): Promise<(() => void) | undefined> {
    if (this.#isHeld && !(await this.#isPassedOnWithin(maxMs))) return undefined
    this.#isHeld = true
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      this.#passOn()
    }
  }

  #isPassedOnWithin(maxMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const begin = () => {
      clearTimeout(timer)
      resolve(true)
    }
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(begin), 1)
      resolve(false)
    }, maxMs)
    this.#waiting.push(begin)
    return promise
  }

  /** The mutex stays held until its next holder runs, so that no other caller acquires it in between. */
  #passOn(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#isHeld = false
  }
}
