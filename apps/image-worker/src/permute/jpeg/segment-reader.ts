import { NotWellFormed } from '../not-well-formed.ts'

/** Walks through a JPEG from marker to marker (T.81, B.1); throws NotWellFormed where there is none. */
export class SegmentReader {
  readonly #bytes: Buffer
  position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** The code of the marker that is next. */
  marker(): number {
    if (this.#bytes[this.position] !== 0xff) throw new NotWellFormed('there is no marker where one must be')
    // Any marker may have fill bytes before it (T.81, B.1.1.2).
    while (this.#bytes[this.position] === 0xff) this.position += 1
    const code = this.#bytes[this.position]
    if (code === undefined) throw new NotWellFormed('the file ends too early')
    this.position += 1
    return code
  }

  /** What follows the length of a segment whose marker was read. */
  segment(): Buffer {
    if (this.position + 2 > this.#bytes.length) throw new NotWellFormed('the file ends too early')
    const end = this.position + this.#bytes.readUInt16BE(this.position)
    if (end < this.position + 2) throw new NotWellFormed('a segment is shorter than its length')
    if (end > this.#bytes.length) throw new NotWellFormed('the file ends too early')
    const data = this.#bytes.subarray(this.position + 2, end)
    this.position = end
    return data
  }
}
