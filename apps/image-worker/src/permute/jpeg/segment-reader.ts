import { NotWellFormed } from '../not-well-formed.ts'

/** Walks through a JPEG from marker to marker (T.81, B.1). Throws NotWellFormed if a marker is missing. */
export class SegmentReader {
  readonly #bytes: Buffer
  position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** Reads the next marker and returns its code. */
  marker(): number {
    if (this.#bytes[this.position] !== 0xff) throw new NotWellFormed('a marker is missing')
    // Fill bytes may come before any marker (T.81, B.1.1.2).
    while (this.#bytes[this.position] === 0xff) this.position += 1
    const code = this.#bytes[this.position]
    if (code === undefined) throw new NotWellFormed('the file ends too early')
    this.position += 1
    return code
  }

  /** The data of the segment whose marker was read. */
  segment(): Buffer {
    if (this.position + 2 > this.#bytes.length) throw new NotWellFormed('the file ends too early')
    const end = this.position + this.#bytes.readUInt16BE(this.position)
    if (end < this.position + 2) throw new NotWellFormed('the length of a segment is below 2')
    if (end > this.#bytes.length) throw new NotWellFormed('the file ends too early')
    const data = this.#bytes.subarray(this.position + 2, end)
    this.position = end
    return data
  }
}
