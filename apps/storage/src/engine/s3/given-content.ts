import type { Content } from '../engine.ts'

/** Content that records its own error, which is the fault of its source, not of the store. */
export class GivenContent implements AsyncIterable<Uint8Array> {
  readonly #content: Content
  #failure: { error: unknown } | undefined

  constructor(content: Content) {
    this.#content = content
  }

  threw(error: unknown): boolean {
    return this.#failure?.error === error
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      if (this.#content instanceof Uint8Array) yield this.#content
      else yield* this.#content
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }
}
