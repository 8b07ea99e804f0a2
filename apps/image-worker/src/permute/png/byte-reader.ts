import { NotWellFormed } from '../not-well-formed.ts'

/** Splits a stream of chunks of any size into the lengths that a format needs. Keeps at most one chunk. */
export class ByteReader {
  readonly #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)

  constructor(input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#iterator = Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]()
  }

  /** Exactly `length` bytes. Throws NotWellFormed if the stream ends before. */
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

  /** The buffered bytes, from one to `length`. Throws NotWellFormed if the stream has ended. */
  async readSome(length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0)
    if (this.#chunk.length === 0 && !(await this.#fill())) throw new NotWellFormed('the file ends too early')
    return this.takeBuffered(length)
  }

  /** The bytes that can be read without waiting: the rest of the last chunk. */
  get buffered(): Uint8Array {
    return this.#chunk
  }

  /** At most `length` of the buffered bytes. */
  takeBuffered(length: number): Uint8Array {
    const taken = this.#chunk.subarray(0, length)
    this.#chunk = this.#chunk.subarray(taken.length)
    return taken
  }

  async hasEnded(): Promise<boolean> {
    return !(await this.#fill())
  }

  /** Ends the source. */
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
