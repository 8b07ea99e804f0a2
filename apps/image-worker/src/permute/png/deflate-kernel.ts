import { instantiate, type Kernel, type KernelGlobal } from '../../kernels/kernel.ts'

/** ../../assembly/deflate.ts. It works on the first bytes of its data and keeps no state between calls. */
interface DeflateExports extends Kernel {
  readonly data: KernelGlobal
  readonly capacity: KernelGlobal
  readonly output: KernelGlobal
  deflate(length: number): number
  adler32(length: number, sum: number): number
  subtractLeft(start: number, end: number, pixelBytes: number): void
}

/**
 * Deflate with only literals and runs, and the changes to bytes before it. One per thread: the caller fills the room
 * and takes the result without awaiting anything in between.
 */
export class DeflateKernel {
  readonly #kernel = instantiate<DeflateExports>('deflate')
  readonly #room = this.#bytesAt(this.#kernel.data.value, this.#kernel.capacity.value)

  /** Copies these bytes into the room, one after the other. Returns the part of the room that they fill. */
  fill(...parts: readonly Uint8Array[]): Uint8Array {
    let length = 0
    for (const part of parts) {
      this.#room.set(part, length)
      length += part.length
    }
    return this.#room.subarray(0, length)
  }

  /**
   * Compresses the room's first `length` bytes into deflate blocks, which end with a whole byte; without bytes, there
   * are no blocks. None of them is marked as the last block of the stream. Takes about 2 ns a byte.
   */
  deflate(length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0)
    return this.#bytesAt(this.#kernel.output.value, this.#kernel.deflate(length)).slice()
  }

  /** Continues an Adler-32 (`sum`, initially 1) with the room's first `length` bytes. */
  adler32(length: number, sum: number): number {
    return this.#kernel.adler32(length, sum) >>> 0
  }

  /** Subtracts from each byte in a part of the room the byte `pixelBytes` before it, from the second pixel on. */
  subtractLeft(part: Uint8Array, pixelBytes: number): void {
    this.#kernel.subtractLeft(part.byteOffset, part.byteOffset + part.length, pixelBytes)
  }

  #bytesAt(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#kernel.memory.buffer, address, length)
  }
}

/** One per thread, created on first use. */
let kernel: DeflateKernel | undefined

export function deflateKernel(): DeflateKernel {
  kernel ??= new DeflateKernel()
  return kernel
}
