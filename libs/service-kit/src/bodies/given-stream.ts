/**
 * A stream that records its own error: such an error is the fault of the caller that passed the stream, not of its reader.
 */
export class GivenStream implements AsyncIterable<Uint8Array> {
  /** The error with which the stream ended; undefined while there is none. */
  failure: unknown
  readonly #chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>

  constructor(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#chunks = chunks
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#chunks
    } catch (error) {
      this.failure = error
      throw error
    }
  }
}
