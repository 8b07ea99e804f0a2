interface Waiting<Item, Result> {
  item: Item
  /** By `performance.now()`; afterwards the caller no longer waits. */
  deadline: number
  resolve(result: Result): void
  reject(error: unknown): void
}

interface BatchOptions<Item, Result> {
  /** Processes all items together, until the deadline of the first item; returns one result per item, in order. */
  run(items: Item[], deadline: number): Promise<Result[]>
  /** Whether an error may be the fault of one item, so that the others should be tried without it. */
  isItemError(error: unknown): boolean
  /** The largest number of items in a batch. */
  size: number
  /** The largest number of batches at once. */
  concurrency: number
  timeoutMs: number
}

/**
 * Groups items that arrive within one turn of the event loop, or while earlier batches are in the database. A batch
 * shares one transaction, with its round trips, its commit and its fsync.
 */
export class Batches<Item, Result> {
  readonly #options: BatchOptions<Item, Result>
  readonly #running = new Set<Promise<void>>()
  #waiting: Waiting<Item, Result>[] = []

  constructor(options: BatchOptions<Item, Result>) {
    this.#options = options
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#startBatches())
      this.#waiting.push({ item, deadline: performance.now() + this.#options.timeoutMs, resolve, reject })
    })
  }

  /** Resolves when all added items have their result. */
  async ended(): Promise<void> {
    while (this.#waiting.length > 0 || this.#running.size > 0) {
      this.#startBatches()
      await Promise.race(this.#running)
    }
  }

  #startBatches(): void {
    while (this.#waiting.length > 0 && this.#running.size < this.#options.concurrency) {
      const batch = this.#waiting.splice(0, this.#options.size)
      const running = this.#run(batch).finally(() => {
        this.#running.delete(running)
        this.#startBatches()
      })
      this.#running.add(running)
    }
  }

  async #run(batch: Waiting<Item, Result>[]): Promise<void> {
    const [first, ...others] = batch
    if (!first) return
    try {
      const items = batch.map(({ item }) => item)
      const results = await this.#options.run(items, first.deadline)
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result)
    } catch (error) {
      if (others.length > 0 && this.#options.isItemError(error))
        for (const each of batch) await this.#run([each])
      else for (const { reject } of batch) reject(error)
    }
  }
}
