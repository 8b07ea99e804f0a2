import { instantiate, type Kernel, type KernelGlobal } from '../../kernels/kernel.ts'

/** ../../assembly/deflate.ts. It works on the first bytes of its data, and knows nothing from call to call. */
interface DeflateExports extends Kernel {
  readonly data: KernelGlobal
  readonly capacity: KernelGlobal
  readonly output: KernelGlobal
  deflate(length: number): number
  adler32(length: number, sum: number): number
  subtractLeft(start: number, end: number, pixelBytes: number): void
}

/**
 * Deflate of literals and runs alone, and what else is done to bytes on their way to it. One a thread: nothing else
 * happens between filling its room and taking what became of it, as long as nothing is awaited.
 */
export class DeflateKernel {
  readonly #kernel = instantiate<DeflateExports>('deflate')
  readonly #room = this.#bytesAt(this.#kernel.data.value, this.#kernel.capacity.value)

  /** Copies these bytes, one behind the other, into the room; gives the part of it that they fill. */
  fill(...parts: readonly Uint8Array[]): Uint8Array {
    let length = 0
    for (const part of parts) {
      this.#room.set(part, length)
      length += part.length
    }
    return this.#room.subarray(0, length)
  }

  /**
   * The room's first `length` bytes as blocks of a deflate stream that aren't its last and end with a whole byte;
   * nothing of no bytes. About 2 ns a byte.
   */
  deflate(length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0)
    return this.#bytesAt(this.#kernel.output.value, this.#kernel.deflate(length)).slice()
  }

  /** The Adler-32 of what `sum` is that of (1 of nothing) and then the room's first `length` bytes. */
  adler32(length: number, sum: number): number {
    return this.#kernel.adler32(length, sum) >>> 0
  }

  /** In a part of the room: each byte less the one `pixelBytes` before it, from the second pixel on. */
  subtractLeft(part: Uint8Array, pixelBytes: number): void {
    this.#kernel.subtractLeft(part.byteOffset, part.byteOffset + part.length, pixelBytes)
  }

  #bytesAt(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#kernel.memory.buffer, address, length)
  }
}

/** One a thread, made when it is first needed. */
let kernel: DeflateKernel | undefined

export function deflateKernel(): DeflateKernel {
  kernel ??= new DeflateKernel()
  return kernel
}
