/**
 * The inverse cosine transform of a block to 2 x 2 or 4 x 4 samples, with the same integers as libjpeg's
 * jpeg_idct_2x2 and jpeg_idct_4x4 (jidctred.c): first the columns, then the rows.
 */

/** The natural index, row times 8 and column, of each coefficient in zigzag order (T.81, figure A.6). */
const places = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
])

/** For each row, or column, of coefficients: its share of the two or four results, times 2^15 or 2^14. */
const sharesOfTwo = memory.data<i32>(
  [
    32768, 32768, 0, 0, 29692, -29692, 0, 0, 0, 0, 0, 0, -10426, 10426, 0, 0, 0, 0, 0, 0, 6967, -6967, 0, 0,
    0, 0, 0, 0, -5906, 5906, 0, 0,
  ],
  16,
)
const sharesOfFour = memory.data<i32>(
  [
    16384, 16384, 16384, 16384, 20995, 8697, -8697, -20995, 15137, -15137, -15137, 15137, 7373, -17799, 17799,
    -7373, 0, 0, 0, 0, -4926, 11893, -11893, 4926, -6270, 6270, 6270, -6270, -4176, -1730, 1730, 4176,
  ],
  16,
)
/** A bit for each coefficient, in zigzag order, that has a share. */
const usedByTwo: u64 = usedBy(sharesOfTwo)
const usedByFour: u64 = usedBy(sharesOfFour)

function usedBy(shares: usize): u64 {
  let mask: u64 = 0
  for (let position: usize = 0; position < 64; position++) {
    const place: usize = load<u8>(places + position)
    const isUsed =
      load<i32>(shares + ((place >> 3) << 4)) !== 0 && load<i32>(shares + ((place & 7) << 4)) !== 0
    if (isUsed) mask |= (<u64>1) << position
  }
  return mask
}

/** The sums of a column. */
const sums = memory.data(8 * 16, 16)

/**
 * Writes the samples of a block to rows that are `stride` bytes apart.
 *
 * @param steps the quantisation steps, in zigzag order like the coefficients
 * @param filled a bit for each coefficient that isn't zero
 * @param side 2 or 4
 */
export function reducedBlock(
  block: usize,
  steps: usize,
  filled: u64,
  side: i32,
  target: usize,
  stride: usize,
): void {
  const isFour = side === 4
  const used = filled & (isFour ? usedByFour : usedByTwo)
  if (used >> 1 === 0) {
    const sample = i8x16.splat(<i8>sampleOf(load<i16>(block) * load<u8>(steps), 3))
    writeRows(sample, isFour, target, stride)
    return
  }
  const shares = isFour ? sharesOfFour : sharesOfTwo
  const columns = sumColumns(block, steps, used, shares)
  const shift = isFour ? 12 : 13
  let first = i32x4.splat(0)
  let second = first
  let third = first
  let fourth = first
  for (let mask = columns; mask !== 0; mask &= mask - 1) {
    const column = (<usize>ctz(mask)) << 4
    const values = descaled(v128.load(sums + column), shift)
    first = i32x4.add(first, i32x4.mul(values, v128.load_splat<i32>(shares + column)))
    second = i32x4.add(second, i32x4.mul(values, v128.load_splat<i32>(shares + column, 4)))
    if (!isFour) continue
    third = i32x4.add(third, i32x4.mul(values, v128.load_splat<i32>(shares + column, 8)))
    fourth = i32x4.add(fourth, i32x4.mul(values, v128.load_splat<i32>(shares + column, 12)))
  }
  const left = i16x8.narrow_i32x4_s(samplesOf(first, shift + 7), samplesOf(second, shift + 7))
  const right = i16x8.narrow_i32x4_s(samplesOf(third, shift + 7), samplesOf(fourth, shift + 7))
  const inColumns = i8x16.narrow_i16x8_u(left, right)
  const inRows = v128.shuffle<i8>(inColumns, inColumns, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)
  writeRows(inRows, isFour, target, stride)
}

/** Transforms the columns that have coefficients, into `sums`. Returns a bit for each of these columns. */
function sumColumns(block: usize, steps: usize, used: u64, shares: usize): i32 {
  let columns = 0
  for (let mask = used; mask !== 0; mask &= mask - 1) {
    const position = <usize>ctz(mask)
    const place: usize = load<u8>(places + position)
    const coefficient = load<i16>(block + (position << 1)) * load<u8>(steps + position)
    const terms = i32x4.mul(i32x4.splat(coefficient), v128.load(shares + ((place >> 3) << 4)))
    const column = 1 << (<i32>place & 7)
    const sum = sums + ((place & 7) << 4)
    v128.store(sum, columns & column ? i32x4.add(v128.load(sum), terms) : terms)
    columns |= column
  }
  return columns
}

function writeRows(rows: v128, isFour: bool, target: usize, stride: usize): void {
  if (isFour) {
    v128.store_lane<i32>(target, rows, 0)
    v128.store_lane<i32>(target + stride, rows, 1)
    v128.store_lane<i32>(target + 2 * stride, rows, 2)
    v128.store_lane<i32>(target + 3 * stride, rows, 3)
  } else {
    v128.store_lane<i16>(target, rows, 0)
    v128.store_lane<i16>(target + stride, rows, 2)
  }
}

function descaled(values: v128, bits: i32): v128 {
  return i32x4.shr_s(i32x4.add(values, i32x4.splat(1 << (bits - 1))), bits)
}

/** Like `sampleOf`, but not limited to a byte. */
function samplesOf(values: v128, bits: i32): v128 {
  return i32x4.add(i32x4.shr_s(i32x4.shl(descaled(values, bits), 22), 22), i32x4.splat(128))
}

/** The sample of a sum that is scaled by 2^bits. As in libjpeg, sums that no encoder makes wrap around. */
export function sampleOf(sum: i32, bits: i32): i32 {
  const sample = ((((sum + (1 << (bits - 1))) >> bits) << 22) >> 22) + 128
  return max(0, min(255, sample))
}
