/**
 * A mutex for each key: work with the same key is done one after the other, work with different keys at the same
 * time.
 */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<unknown>>()

  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const previous = this.#last.get(key)
    const current = (async () => {
      await previous?.catch(() => undefined) // its own caller gets the error
      return work()
    })()
    this.#last.set(key, current)
    try {
      return await current
    } finally {
      if (this.#last.get(key) === current) this.#last.delete(key)
    }
  }

  /** Resolves when no work is running or waiting. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#last.values())
  }
}
