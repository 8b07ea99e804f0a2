interface Waiting {
  bytes: number
  grant(): void
}

/**
 * The memory that work on images may take at any time, so that two large images are not unpacked together. First come,
 * first served: small images don't overtake a large one forever.
 */
export class MemoryBudget {
  readonly #total: number
  #free: number
  readonly #waiting: Waiting[] = []
  #alone: Promise<() => void> | undefined

  constructor(bytes: number) {
    this.#total = bytes
    this.#free = bytes
  }

  /**
   * Waits until the memory is free, and resolves with a function that releases it. A request above the whole budget
   * counts as the whole budget: such work runs alone.
   */
  async acquire(bytes: number): Promise<() => void> {
    const taken = Math.min(bytes, this.#total)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ bytes: taken, grant: resolve })
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

  /**
   * Waits until all memory is free, and takes the whole budget. Undefined while an earlier call of `acquireAlone` waits, or
   * its caller holds the budget.
   */
  acquireAlone(): Promise<() => void> | undefined {
    if (this.#alone) return undefined
    const alone = this.acquire(this.#total).then(release => () => {
      if (this.#alone === alone) this.#alone = undefined
      release()
    })
    this.#alone = alone
    return alone
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next && next.bytes <= this.#free; next = this.#waiting[0]) {
      this.#free -= next.bytes
      this.#waiting.shift()
      next.grant()
    }
  }
}
