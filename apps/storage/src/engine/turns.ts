/** Lets work on one name happen one after the other; work on different names doesn't wait. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  async take<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const previous = this.#last.get(name)
    const turn = (async () => {
      await previous?.catch(() => undefined) // its own caller hears of it
      return work()
    })()
    this.#last.set(name, turn)
    try {
      return await turn
    } finally {
      if (this.#last.get(name) === turn) this.#last.delete(name)
    }
  }

  /** Resolves when nobody has a turn. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#last.values())
  }
}
