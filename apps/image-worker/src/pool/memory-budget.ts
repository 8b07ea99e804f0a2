interface Waiting {
  bytes: number
  grant(): void
}

/**
 * Memory that work on images may take at one time, so that two large images don't land together. First come, first
 * served: a large one isn't passed by small ones for ever.
 */
export class MemoryBudget {
  readonly #total: number
  #free: number
  readonly #line: Waiting[] = []

  constructor(bytes: number) {
    this.#total = bytes
    this.#free = bytes
  }

  /**
   * Resolves with what gives the memory back, once it is there. More than the whole budget counts as the whole: such
   * work runs alone.
   */
  async acquire(bytes: number): Promise<() => void> {
    const taken = Math.min(bytes, this.#total)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#line.push({ bytes: taken, grant: resolve })
    this.#serve()
    await promise
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#free += taken
      this.#serve()
    }
  }

  #serve(): void {
    for (let next = this.#line[0]; next && next.bytes <= this.#free; next = this.#line[0]) {
      this.#free -= next.bytes
      this.#line.shift()
      next.grant()
    }
  }
}
