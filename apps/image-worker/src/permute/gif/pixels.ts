import { instantiate, type Kernel, type KernelGlobal } from '../../kernels/kernel.ts'
import { CutOff, NotWellFormed } from '../not-well-formed.ts'

/**
 * Follows the LZW codes of a frame (GIF 89a, appendix F) and throws NotWellFormed unless they give exactly `pixels` pixels:
 * CutOff if there are fewer. Only the length of each code's string is kept, not its pixels, so a byte costs about 1.3 ns.
 * The end code may be missing, because some encoders forget it; nothing may follow it.
 *
 * @param colorBits The first codes have one bit more than this (2 to 8)
 * @param subBlocks Each with its length before it, without the sub-block of length 0 that ends them
 */
export function expectGifPixels(colorBits: number, subBlocks: Uint8Array, pixels: number): void {
  kernel ??= instantiate<GifPixelsKernel>('gif-pixels')
  const { memory, data, capacity, unknownCode, trailingBytes } = kernel
  const room = new Uint8Array(memory.buffer, data.value, capacity.value)
  let missing = pixels
  kernel.begin(colorBits)
  for (let start = 0; start < subBlocks.length; ) {
    const end = subBlocksEnd(subBlocks, start, capacity.value)
    room.set(subBlocks.subarray(start, end))
    const given = kernel.follow(end - start)
    if (given === unknownCode.value) throw new NotWellFormed('a frame uses an LZW code before it exists')
    if (given === trailingBytes.value) throw new NotWellFormed('there are bytes after the pixels of a frame')
    missing -= given
    if (missing < 0) throw new NotWellFormed('a frame has more pixels than its size')
    start = end
  }
  if (missing > 0) throw new CutOff('a frame has fewer pixels than its size')
}

/** The end of the last sub-block that ends at most `length` bytes after `start`. */
function subBlocksEnd(subBlocks: Uint8Array, start: number, length: number): number {
  if (subBlocks.length - start <= length) return subBlocks.length
  let end = start
  for (let next = start; next - start <= length; next += 1 + (subBlocks[next] as number)) end = next
  return end
}

/** ../../assembly/gif-pixels.ts */
interface GifPixelsKernel extends Kernel {
  readonly data: KernelGlobal
  readonly capacity: KernelGlobal
  readonly unknownCode: KernelGlobal
  readonly trailingBytes: KernelGlobal
  begin(colorBits: number): void
  follow(length: number): number
}

/** One per thread, created on first use. */
let kernel: GifPixelsKernel | undefined
