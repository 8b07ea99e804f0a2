import { ServiceProblem } from '@darkroom/service-kit'

/** The body of a request, read in parts. A connection that breaks ends the body; what came before is kept. */
export class ArrivingBody {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Uint8Array | undefined
  #isOver = false
  /** Why the body ended early. */
  failure: unknown

  constructor(body: AsyncIterable<Uint8Array> | Uint8Array | null | undefined) {
    const chunks = body instanceof Uint8Array ? streamOf(body) : (body ?? streamOf(new Uint8Array()))
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** Waits for the next byte; false at the end of the body. */
  async hasMore(): Promise<boolean> {
    while (!this.#isOver && (this.#rest === undefined || this.#rest.length === 0)) await this.#fetch()
    return this.#rest !== undefined && this.#rest.length > 0
  }

  /** The next `most` bytes; fewer at the end of the body. */
  async *take(most: number): AsyncGenerator<Uint8Array> {
    for (let left = most; left > 0 && (await this.hasMore()); ) {
      const chunk = this.#rest ?? new Uint8Array()
      this.#rest = chunk.subarray(left)
      left -= Math.min(left, chunk.length)
      yield chunk.subarray(0, chunk.length - this.#rest.length)
    }
  }

  async #fetch(): Promise<void> {
    try {
      const { done, value } = await this.#chunks.next()
      this.#isOver = done === true
      this.#rest = done ? undefined : value
    } catch (error) {
      this.#isOver = true
      this.#rest = undefined
      this.failure = error
      // After a refusal, such as of a revoked key, the bytes that arrived are not kept.
      if (error instanceof ServiceProblem) throw error
    }
  }
}

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
