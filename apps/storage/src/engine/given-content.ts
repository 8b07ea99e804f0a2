/** Content that remembers what it threw itself: the fault of whoever gives it, not of the store. */
export class GivenContent implements AsyncIterable<Uint8Array> {
  readonly #content: AsyncIterable<Uint8Array>
  #failure: { error: unknown } | undefined

  constructor(content: AsyncIterable<Uint8Array>) {
    this.#content = content
  }

  threw(error: unknown): boolean {
    return this.#failure?.error === error
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#content
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }
}
