interface Waiting<Item, Answer> {
  item: Item
  /** By `performance.now()`: later nobody waits for the answer any more. */
  deadline: number
  resolve(answer: Answer): void
  reject(error: unknown): void
}

export interface BatchOptions<Item, Answer> {
  /** Does all of them as one, until the deadline of the first; answers in their order. */
  run(items: Item[], deadline: number): Promise<Answer[]>
  /** Whether a failure may be of one item alone, so that the others are to be done without it. */
  isOfOne(error: unknown): boolean
  /** At most so many items in a batch. */
  size: number
  /** At most so many batches at once. */
  lanes: number
  timeoutMs: number
}

/**
 * Does together what arrives together: items that come while the event loop turns once, or while earlier batches
 * wait for the database, share one transaction, so its round trips, its commit, and its fsync.
 */
export class Batches<Item, Answer> {
  readonly #options: BatchOptions<Item, Answer>
  readonly #running = new Set<Promise<void>>()
  #waiting: Waiting<Item, Answer>[] = []

  constructor(options: BatchOptions<Item, Answer>) {
    this.#options = options
  }

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#fillLanes())
      this.#waiting.push({ item, deadline: performance.now() + this.#options.timeoutMs, resolve, reject })
    })
  }

  /** Resolves when all that was added is answered. */
  async ended(): Promise<void> {
    while (this.#waiting.length > 0 || this.#running.size > 0) {
      this.#fillLanes()
      await Promise.race(this.#running)
    }
  }

  #fillLanes(): void {
    while (this.#waiting.length > 0 && this.#running.size < this.#options.lanes) {
      const batch = this.#waiting.splice(0, this.#options.size)
      const running = this.#run(batch).finally(() => {
        this.#running.delete(running)
        this.#fillLanes()
      })
      this.#running.add(running)
    }
  }

  async #run(batch: Waiting<Item, Answer>[]): Promise<void> {
    const [first, ...others] = batch
    if (!first) return
    try {
      const items = batch.map(({ item }) => item)
      const answers = await this.#options.run(items, first.deadline)
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer)
    } catch (error) {
      if (others.length > 0 && this.#options.isOfOne(error)) for (const each of batch) await this.#run([each])
      else for (const { reject } of batch) reject(error)
    }
  }
}
