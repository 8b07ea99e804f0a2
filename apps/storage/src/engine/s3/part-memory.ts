import { maxFooterBytes } from '../blob-footer.ts'

/** The size of every part but the last. AWS requires at least 5 MiB and allows 10 000 parts: 80 GB in all. */
const partBytes = 8 * 1024 * 1024
const firstBytes = 64 * 1024

/**
 * Collects bytes for one request. The memory grows with the bytes, so that a short or slow blob doesn't use the memory
 * of a whole part. It is freed explicitly, because the garbage collector does not count it: it is outside V8's heap.
 */
export class PartMemory {
  #memory: Buffer<ArrayBuffer>
  #length = 0

  /** After a full part, the next part is probably full, too. */
  constructor({ isFirst }: { isFirst: boolean }) {
    this.#memory = Buffer.allocUnsafeSlow(isFirst ? firstBytes : partBytes + maxFooterBytes)
  }

  /** Copies as much of a chunk as fits into the part; returns how much. */
  take(chunk: Uint8Array): number {
    const taken = Math.min(chunk.length, partBytes - this.#length)
    this.#append(chunk.subarray(0, taken))
    return taken
  }

  /** A footer always fits behind a full part. */
  seal(footer: Uint8Array): void {
    this.#append(footer)
  }

  get isFull(): boolean {
    return this.#length >= partBytes
  }

  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }

  /** Call this only after the last read of the bytes. */
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
