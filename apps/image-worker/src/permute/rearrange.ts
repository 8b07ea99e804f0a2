import { instantiate, type Kernel, type KernelGlobal } from '../kernels/kernel.ts'

/** The number of bytes that are rearranged at once: whole pixels of 3, 4, 6 and 8 bytes. */
export const groupBytes = 48

const vectors = [0, 1, 2] as const
const vectorBytes = 16

/** Selects, for each of a group's three vectors, its bytes out of each of the original's three. */
export type Masks = Uint8Array

/** The masks for a group: `sources[at]` is the index of the byte that moves to `at`. */
export function masksFor(sources: readonly number[]): Masks {
  const none = 0x80 // swizzle gives zero for an index outside the vector
  const masks = vectors.flatMap(target =>
    vectors.flatMap(vector =>
      sources.slice(target * vectorBytes, (target + 1) * vectorBytes).map(source => {
        return Math.floor(source / vectorBytes) === vector ? source % vectorBytes : none
      }),
    ),
  )
  return Uint8Array.from(masks)
}

/** Rearranges the whole groups of `bytes` in place. Returns the number of bytes rearranged. */
export function rearrange(bytes: Uint8Array, masks: Masks): number {
  kernel ??= instantiate<RearrangeKernel>('rearrange')
  const { memory, masks: masksAt, data, capacity } = kernel
  const room = new Uint8Array(memory.buffer, data.value, capacity.value)
  new Uint8Array(memory.buffer).set(masks, masksAt.value)
  const end = bytes.length - (bytes.length % groupBytes)
  for (let at = 0; at < end; at += room.length) {
    const length = Math.min(room.length, end - at)
    room.set(bytes.subarray(at, at + length))
    kernel.rearrange(length)
    bytes.set(room.subarray(0, length), at)
  }
  return end
}

/** ../../assembly/rearrange.ts */
interface RearrangeKernel extends Kernel {
  readonly masks: KernelGlobal
  readonly data: KernelGlobal
  readonly capacity: KernelGlobal
  rearrange(length: number): void
}

/** One per thread, created on first use. */
let kernel: RearrangeKernel | undefined
