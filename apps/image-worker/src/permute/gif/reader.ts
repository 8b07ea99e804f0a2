import { CutOff } from '../not-well-formed.ts'

/** The first byte of an extension, an image and the trailer (GIF 89a). */
const introducers: readonly number[] = [0x21, 0x2c, 0x3b]
const isIntroducer = (byte: number) => introducers.includes(byte)

/** A graphic control extension, the shortest block that changes a frame, has 8 bytes. */
const mostStrays = 7

/** Walks through a GIF; throws CutOff where it ends too early. */
export class GifReader {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get position(): number {
    return this.#position
  }

  byte(): number {
    const byte = this.#bytes[this.#position]
    if (byte === undefined) throw new CutOff('the file ends too early')
    this.#position += 1
    return byte
  }

  short(): number {
    return this.byte() + 256 * this.byte()
  }

  text(length: number): string {
    return this.take(length).toString('latin1')
  }

  take(length: number): Buffer {
    const taken = this.#bytes.subarray(this.#position, this.#position + length)
    if (taken.length < length) throw new CutOff('the file ends too early')
    this.#position += length
    return taken
  }

  /**
   * Moves to the next block, over zeros and a few other bytes. Returns whether any bytes were skipped. A block that changes
   * a frame is longer than these few bytes, so they are never a block whose first byte is damaged.
   */
  skipPadding(): boolean {
    const start = this.#position
    while (this.#bytes[this.#position] === 0) this.#position += 1
    const next = this.#bytes.subarray(this.#position, this.#position + mostStrays + 1)
    this.#position += Math.max(0, next.findIndex(isIntroducer))
    return this.#position > start
  }

  /** The bytes from `position` to the current position. */
  since(position: number): Buffer {
    return this.#bytes.subarray(position, this.#position)
  }

  /** Data comes in sub-blocks: each has its length before it, and a sub-block of length 0 ends them. */
  skipSubBlocks(): void {
    const bytes = this.#bytes
    let at = this.#position
    for (let length = bytes[at]; length !== 0; length = bytes[at]) {
      if (length === undefined) throw new CutOff('the file ends too early')
      at += length + 1
    }
    this.#position = at + 1
  }
}

/** The data of sub-blocks, as `skipSubBlocks` walked them. */
export function joinSubBlocks(bytes: Buffer): Buffer {
  const joined = Buffer.allocUnsafe(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at += (bytes[at] as number) + 1) {
    length += bytes.copy(joined, length, at + 1, at + 1 + (bytes[at] as number))
  }
  return joined.subarray(0, length)
}
