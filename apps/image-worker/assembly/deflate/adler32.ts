import { data } from './runs'

const modulus: u32 = 65521
/** Sums of this many bytes fit into 32 bits, as in zlib, and the number is a multiple of 16, the size of a vector. */
const bytesAtOnce: usize = 5552

/** Continues the Adler-32 `sum` (RFC 1950, 8.2; 1 at the start) over the first `length` bytes of the data. */
export function adler32(length: usize, sum: u32): u32 {
  let low = sum & 0xffff
  let high = sum >> 16
  const end = data + length
  for (let at = data; at < end; ) {
    const chunkEnd = min(at + bytesAtOnce, end)
    const vectorsEnd = at + ((chunkEnd - at) & ~15)
    const vectorBytes = <u32>(vectorsEnd - at)
    let sums = i32x4.splat(0)
    // For each vector: the sums before it count 16 times, and its own bytes count 16 to 1 times.
    let sumsBefore = i32x4.splat(0)
    let weighted = i32x4.splat(0)
    for (; at < vectorsEnd; at += 16) {
      const bytes = v128.load(at)
      sumsBefore = i32x4.add(sumsBefore, sums)
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes)))
      const first = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(bytes), i16x8(16, 15, 14, 13, 12, 11, 10, 9))
      const last = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(bytes), i16x8(8, 7, 6, 5, 4, 3, 2, 1))
      weighted = i32x4.add(weighted, i32x4.add(first, last))
    }
    high += low * vectorBytes + 16 * total(sumsBefore) + total(weighted)
    low += total(sums)
    for (; at < chunkEnd; at++) {
      low += load<u8>(at)
      high += low
    }
    low %= modulus
    high %= modulus
  }
  return (high << 16) | low
}

function total(lanes: v128): u32 {
  return (
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  )
}
