import { MalformedImage } from '../malformed-image.ts'

/** Reads bits, the highest of each byte first, as in AV1's headers (AV1 specification, section 4.10). */
export class BitReader {
  readonly #bytes: Uint8Array
  /** Bits read so far. */
  position: number

  constructor(bytes: Uint8Array, position = 0) {
    this.#bytes = bytes
    this.position = position
  }

  /** An unsigned number of up to 32 bits. */
  number(bits: number): number {
    let value = 0
    for (let bit = 0; bit < bits; bit++) {
      const byte = this.#bytes[this.position >> 3]
      if (byte === undefined) throw new MalformedImage('the AV1 header is truncated')
      value = value * 2 + ((byte >> (7 - (this.position & 7))) & 1)
      this.position += 1
    }
    return value
  }

  flag(): boolean {
    return this.number(1) === 1
  }

  /** su(n): two's complement. */
  signed(bits: number): number {
    const value = this.number(bits)
    return value >= 2 ** (bits - 1) ? value - 2 ** bits : value
  }

  /** ns(n): a number below `limit`, in as few bits as possible. */
  below(limit: number): number {
    const width = Math.floor(Math.log2(limit)) + 1
    const short = 2 ** width - limit
    const value = this.number(width - 1)
    return value < short ? value : value * 2 - short + this.number(1)
  }

  /** uvlc(): the number of zeros before the first 1 is the number of bits after it. */
  skipVariableLength(): void {
    let zeros = 0
    while (zeros < 32 && !this.flag()) zeros += 1
    if (zeros < 32) this.number(zeros)
  }
}
