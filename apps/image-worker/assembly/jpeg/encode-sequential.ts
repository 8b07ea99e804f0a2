import { out, put, setPending, waiting, window } from './bit-writer'
import { bitsOf, categoryOf, codesAt, count, countsAt, nonzero, symbolTableBytes, tableOf } from './symbols'

/** Counts the symbols of a block, given the difference of its DC coefficient to the last (T.81, F.1.2). */
export function countBlock(block: usize, component: i32, difference: i32): void {
  const dc = countsAt + tableOf(component)
  const ac = dc + 2 * symbolTableBytes
  count(dc, categoryOf(difference))
  let previous = 0
  for (let mask = nonzero(block) & ~1; mask !== 0; mask &= mask - 1) {
    const k = <i32>ctz(mask)
    let run = k - previous - 1
    for (; run > 15; run -= 16) count(ac, 0xf0)
    count(ac, (run << 4) | categoryOf(load<i16>(block + (k << 1))))
    previous = k
  }
  if (previous < 63) count(ac, 0)
}

/** Writes the block. Keeps the writer's state in locals, because this loop takes most of the time. */
export function writeBlock(block: usize, component: i32, difference: i32): void {
  const dc = codesAt + tableOf(component)
  const ac = dc + 2 * symbolTableBytes
  const sixteenZeros = load<u32>(ac + (0xf0 << 2))
  let ahead = window
  let bits = waiting
  let next = out
  let category = categoryOf(difference)
  let code = load<u32>(dc + ((<usize>category) << 2))
  let length = (code >> 16) + category
  ahead = (ahead << length) | ((<u64>(code & 0xffff)) << category) | bitsOf(difference, category)
  bits += length
  if (bits >= 32) {
    bits -= 32
    next = put(next, <u32>(ahead >> bits))
  }
  let previous = 0
  for (let mask = nonzero(block) & ~1; mask !== 0; mask &= mask - 1) {
    const k = <i32>ctz(mask)
    let run = k - previous - 1
    previous = k
    for (; run > 15; run -= 16) {
      ahead = (ahead << (sixteenZeros >> 16)) | (sixteenZeros & 0xffff)
      bits += sixteenZeros >> 16
      if (bits >= 32) {
        bits -= 32
        next = put(next, <u32>(ahead >> bits))
      }
    }
    const value: i32 = load<i16>(block + (k << 1))
    category = categoryOf(value)
    code = load<u32>(ac + ((<usize>((run << 4) | category)) << 2))
    length = (code >> 16) + category
    ahead = (ahead << length) | ((<u64>(code & 0xffff)) << category) | bitsOf(value, category)
    bits += length
    if (bits >= 32) {
      bits -= 32
      next = put(next, <u32>(ahead >> bits))
    }
  }
  if (previous < 63) {
    code = load<u32>(ac)
    ahead = (ahead << (code >> 16)) | (code & 0xffff)
    bits += code >> 16
    if (bits >= 32) {
      bits -= 32
      next = put(next, <u32>(ahead >> bits))
    }
  }
  setPending(ahead, bits, next)
}
