/**
 * The inverse cosine transform of a block to 1, 2 x 2 or 4 x 4 samples, first of the columns, then of the rows. It takes
 * only the lowest coefficients, as many as there are samples (Dugad and Ahuja, IEEE Transactions on Circuits and Systems
 * for Video Technology 11-4, 2001). The integers are those of libjpeg's jpeg_idct_1x1, jpeg_idct_2x2 and jpeg_idct_4x4
 * (jidctred.c), which add the higher coefficients' share of the mean of the samples that become one.
 */

/** The lowest coefficients, as many as there are samples, in rows of 32 bits each; then room for all others. */
export const block = memory.data(17 * 4, 16)
const otherPlace: usize = 16 * 4

/** The natural index, row times 8 and column, of the first coefficients in zigzag order (T.81, figure A.6). */
const natural = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27,
])

/** How many coefficients, in zigzag order, contain the first `side` rows and columns. */
export function keptFor(side: i32): i32 {
  return side === 1 ? 1 : side === 2 ? 5 : 25
}

/** The place in `block`, in bytes, of the coefficient at this position in zigzag order. */
export function placeInBlock(position: usize, side: i32): usize {
  if (<i32>position >= keptFor(side)) return otherPlace
  const index: i32 = load<u8>(natural + position)
  const row = index >> 3
  const column = index & 7
  return row < side && column < side ? (<usize>(row * side + column)) << 2 : otherPlace
}

/** Makes all coefficients zero. */
export function clearBlock(): void {
  for (let at: usize = 0; at < otherPlace; at += 16) v128.store(block + at, i32x4.splat(0))
}

/** As `transformBlock` for a block of which only DC isn't zero: all samples are the same. */
export function fillBlock(side: i32, dc: i32, target: usize, stride: usize): void {
  const samples: u32 = sampleOf(dc, 3) * 0x01010101
  for (let row = 0; row < side; row++, target += stride) {
    if (side === 4) store<u32>(target, samples)
    else if (side === 2) store<u16>(target, <u16>samples)
    else store<u8>(target, <u8>samples)
  }
}

/** Transforms `block` to samples, in rows that are `stride` bytes apart. */
export function transformBlock(side: i32, target: usize, stride: usize): void {
  if (side === 1) store<u8>(target, sampleOf(load<i32>(block), 3))
  else if (side === 2) transformTwo(target, stride)
  else transformFour(target, stride)
}

/** The share of the second row, or column, of coefficients in two samples, times 2^15. The first has all of its share. */
const shareInTwo = 29692

function transformTwo(target: usize, stride: usize): void {
  const first = load<i32>(block) << 15
  const second = load<i32>(block, 4) << 15
  const firstLower = load<i32>(block, 8) * shareInTwo
  const secondLower = load<i32>(block, 12) * shareInTwo
  writeTwo(target, rounded(first + firstLower), rounded(second + secondLower))
  writeTwo(target + stride, rounded(first - firstLower), rounded(second - secondLower))
}

/** A column's sum. It keeps two bits more than a sample. */
function rounded(sum: i32): i32 {
  return (sum + (1 << 12)) >> 13
}

function writeTwo(target: usize, first: i32, second: i32): void {
  const even = first << 15
  const odd = second * shareInTwo
  store<u8>(target, sampleOf(even + odd, 20))
  store<u8>(target, sampleOf(even - odd, 20), 1)
}

/** The factors are the shares of the four rows, or columns, of coefficients in four samples, times 2^14. */
function transformFour(target: usize, stride: usize): void {
  let first = v128.load(block)
  let second = v128.load(block, 16)
  let third = v128.load(block, 32)
  let fourth = v128.load(block, 48)
  for (let pass = 0; pass < 2; pass++) {
    const bits = pass === 0 ? 12 : 19
    const even = i32x4.shl(first, 14)
    const evenRest = times(third, 15137)
    const outer = i32x4.add(times(second, 20995), times(fourth, 7373))
    const inner = i32x4.sub(times(second, 8697), times(fourth, 17799))
    const above = descaled(i32x4.add(i32x4.add(even, evenRest), outer), bits)
    const upper = descaled(i32x4.add(i32x4.sub(even, evenRest), inner), bits)
    const lower = descaled(i32x4.sub(i32x4.sub(even, evenRest), inner), bits)
    const below = descaled(i32x4.sub(i32x4.add(even, evenRest), outer), bits)
    const aboveUpper = v128.shuffle<i32>(above, upper, 0, 4, 1, 5)
    const lowerBelow = v128.shuffle<i32>(lower, below, 0, 4, 1, 5)
    const aboveUpperRight = v128.shuffle<i32>(above, upper, 2, 6, 3, 7)
    const lowerBelowRight = v128.shuffle<i32>(lower, below, 2, 6, 3, 7)
    first = v128.shuffle<i64>(aboveUpper, lowerBelow, 0, 2)
    second = v128.shuffle<i64>(aboveUpper, lowerBelow, 1, 3)
    third = v128.shuffle<i64>(aboveUpperRight, lowerBelowRight, 0, 2)
    fourth = v128.shuffle<i64>(aboveUpperRight, lowerBelowRight, 1, 3)
  }
  const upperRows = i16x8.narrow_i32x4_s(centred(first), centred(second))
  const lowerRows = i16x8.narrow_i32x4_s(centred(third), centred(fourth))
  const rows = i8x16.narrow_i16x8_u(upperRows, lowerRows)
  v128.store_lane<i32>(target, rows, 0)
  v128.store_lane<i32>(target + stride, rows, 1)
  v128.store_lane<i32>(target + 2 * stride, rows, 2)
  v128.store_lane<i32>(target + 3 * stride, rows, 3)
}

function times(values: v128, factor: i32): v128 {
  return i32x4.mul(values, i32x4.splat(factor))
}

function descaled(values: v128, bits: i32): v128 {
  return i32x4.shr_s(i32x4.add(values, i32x4.splat(1 << (bits - 1))), bits)
}

/** Like `sampleOf` for sums that are rounded, but not limited to a byte. */
function centred(values: v128): v128 {
  return i32x4.add(i32x4.shr_s(i32x4.shl(values, 22), 22), i32x4.splat(128))
}

/** The sample of a sum that is scaled by 2^bits. As in libjpeg, sums that no encoder produces wrap around. */
function sampleOf(sum: i32, bits: i32): i32 {
  return max(0, min(255, ((((sum + (1 << (bits - 1))) >> bits) << 22) >> 22) + 128))
}
