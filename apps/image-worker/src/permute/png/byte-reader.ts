import { NotWellFormed } from '../not-well-formed.ts'

/** Pulls a stream of byte chunks of any size apart into the lengths a format asks for. Keeps one chunk at most. */
export class ByteReader {
  readonly #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)

  constructor(input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#iterator = Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]()
  }

  /** Exactly `length` bytes; throws NotWellFormed when the stream ends before. */
  async read(length: number): Promise<Uint8Array> {
    if (length <= this.#chunk.length) return this.readSome(length)
    const parts: Uint8Array[] = []
    for (let missing = length; missing > 0; ) {
      const part = await this.readSome(missing)
      parts.push(part)
      missing -= part.length
    }
    return Buffer.concat(parts, length)
  }

  /** What is at hand, at least one byte and at most `length`; throws NotWellFormed when the stream has ended. */
  async readSome(length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0)
    if (this.#chunk.length === 0 && !(await this.#fill())) throw new NotWellFormed('the file ends too early')
    return this.takeAtHand(length)
  }

  /** What can be taken without waiting: the rest of the chunk that came last. */
  get atHand(): Uint8Array {
    return this.#chunk
  }

  /** At most `length` bytes of what is at hand. */
  takeAtHand(length: number): Uint8Array {
    const taken = this.#chunk.subarray(0, length)
    this.#chunk = this.#chunk.subarray(taken.length)
    return taken
  }

  async hasEnded(): Promise<boolean> {
    return !(await this.#fill())
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#iterator.return?.()
  }

  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#iterator.next()
      if (next.done === true) return false
      this.#chunk = next.value
    }
    return true
  }
}
