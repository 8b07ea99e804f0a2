import { maxFooterBytes } from '../blob-footer.ts'

/** Every part but the last is as long; AWS wants at least 5 MiB of them, and takes 10 000: 80 GB in all. */
export const partBytes = 8 * 1024 * 1024
const firstBytes = 64 * 1024

/**
 * Bytes gathered for one request. The memory grows as they come, so that a short blob or a slow one doesn't hold
 * that of a whole part, and is given back at once: V8 counts only its own heap, on which this is nothing.
 */
export class PartMemory {
  #memory: Buffer<ArrayBuffer>
  #length = 0

  /** Of a blob that has had full parts, the next is likely to be one. */
  constructor({ isFirst }: { isFirst: boolean }) {
    this.#memory = Buffer.allocUnsafeSlow(isFirst ? firstBytes : partBytes + maxFooterBytes)
  }

  /** Copies as much of a chunk as there is room for in a part; says how much. */
  take(chunk: Uint8Array): number {
    const taken = Math.min(chunk.length, partBytes - this.#length)
    this.#append(chunk.subarray(0, taken))
    return taken
  }

  /** A footer fits behind a full part. */
  seal(footer: Uint8Array): void {
    this.#append(footer)
  }

  get isFull(): boolean {
    return this.#length >= partBytes
  }

  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }

  /** Only when nobody reads the bytes any more. */
  release(): void {
    this.#memory.buffer.transfer(0)
    this.#memory = Buffer.alloc(0)
    this.#length = 0
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length
    if (needed > this.#memory.length) {
      const doubled = Math.min(Math.max(needed, 2 * this.#memory.length), partBytes + maxFooterBytes)
      this.#memory = Buffer.from(this.#memory.buffer.transfer(doubled))
    }
    this.#memory.set(bytes, this.#length)
    this.#length = needed
  }
}
