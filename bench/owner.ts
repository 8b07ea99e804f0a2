/** Closes the servers and clients of a benchmark when it ends, the last one first: `await using owner = new Owner()`. */
export class Owner implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack()

  /** Registers a function that is called at the end. */
  after(close: () => unknown): void {
    this.#stack.defer(async () => void (await close()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}
