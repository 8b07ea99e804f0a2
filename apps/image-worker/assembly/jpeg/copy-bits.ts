import { window as pending, put, setPending, waiting, writeBits, out as written } from './bit-writer'

/**
 * Writes bits of data that `unstuff` has copied.
 *
 * @param data the address of the copy
 * @param from the number of the first bit, and `to` the number of the bit after the last
 */
export function copyBits(data: usize, from: usize, to: usize): void {
  let window = pending
  let out = written
  for (; from + 32 <= to; from += 32) {
    window = (window << 32) | <u64>bitsAt(data, from, 32)
    out = put(out, <u32>(window >> waiting))
  }
  setPending(window, waiting, out)
  if (from < to) writeBits(bitsAt(data, from, to - from), <i32>(to - from))
}

/** These bits as a number; at most 32. */
function bitsAt(data: usize, from: usize, count: usize): u32 {
  const at = data + ((from >> 5) << 2)
  const words = ((<u64>load<u32>(at)) << 32) | <u64>load<u32>(at, 4)
  return <u32>((words << (from & 31)) >> (64 - count))
}
