/** One holder at a time, first come, first served. */
export class Turns {
  #isTaken = false
  readonly #waiting: (() => void)[] = []

  /** Waits for a turn, and resolves with a function that ends it; with undefined if it doesn't come within `maxMs`. */
  async take(maxMs: number): Promise<(() => void) | undefined> {
    if (this.#isTaken && !(await this.#comesWithin(maxMs))) return undefined
    this.#isTaken = true
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#passOn()
    }
  }

  #comesWithin(maxMs: number): Promise<boolean> {
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

  /** The turn stays taken until its next holder runs, so that no other caller takes it in between. */
  #passOn(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#isTaken = false
  }
}
