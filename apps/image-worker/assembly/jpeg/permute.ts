import { acrossOf, blockAt, blockBytes, downOf, planeOf } from './components'
import { divisorsAt, factorsAt, positionsAt } from './permute-tables'
import { forward, inverse } from './transform'
import { upsample } from './upsample'

/**
 * A permutation of red, green and blue is linear in Y, Cb and Cr, and so is the cosine transform: coefficients can be
 * permuted like samples. Grey stays grey, so the new chroma depends only on the old chroma, and luma changes by a sum
 * of chroma, called the shift here.
 *
 *     Cb' = cb0 Cb + cb1 Cr     Cr' = cr0 Cb + cr1 Cr     Y' = Y + shift, shift = y0 Cb + y1 Cr
 *
 * The factor tables include the quantisation tables.
 */
const factorTableBytes: usize = 256
const cb0 = factorsAt
const cb1 = factorsAt + factorTableBytes
const cr0 = factorsAt + 2 * factorTableBytes
const cr1 = factorsAt + 3 * factorTableBytes
const y0 = factorsAt + 4 * factorTableBytes
const y1 = factorsAt + 5 * factorTableBytes

/** Added to a number below 2^22, leaves the nearest integer in the lower bits (IEEE 754, of 24 bits). */
const roundingTerm: f32 = 12582912.0
const roundingBits: i32 = 0x4b400000
/** The largest coefficient of eight-bit samples (T.81, tables F.1 and F.2). DC may be one below its negative. */
const most: i32 = 1023
const least: i32 = -1023
const leastDc: i32 = -1024

/** For three components of the same size: each coefficient by itself. */
export function permuteWhole(): void {
  const blocks = acrossOf(0) * downOf(0)
  for (let block = 0; block < blocks; block++) {
    const offset = <usize>block * blockBytes
    const y = planeOf(0) + offset
    const cb = planeOf(1) + offset
    const cr = planeOf(2) + offset
    for (let k: usize = 0; k < 64; k += 8) {
      const at = k << 1
      const blue = v128.load(cb + at)
      const red = v128.load(cr + at)
      const shift = combined(blue, red, y0 + (k << 2), y1 + (k << 2))
      v128.store(cb + at, bounded(combined(blue, red, cb0 + (k << 2), cb1 + (k << 2)), k))
      v128.store(cr + at, bounded(combined(blue, red, cr0 + (k << 2), cr1 + (k << 2)), k))
      v128.store(y + at, bounded(i16x8.add_sat_s(v128.load(y + at), shift), k))
    }
  }
}

/** Multiplies eight coefficients of blue and of red by their factors, adds them and rounds. */
function combined(blue: v128, red: v128, factors: usize, others: usize): v128 {
  const lower = lowerSums(blue, red, factors, others)
  return i16x8.narrow_i32x4_s(rounded(lower), rounded(upperSums(blue, red, factors, others)))
}

/** The first four of these sums, not rounded. */
function lowerSums(blue: v128, red: v128, factors: usize, others: usize): v128 {
  return f32x4.add(
    f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(blue)), v128.load(factors)),
    f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(red)), v128.load(others)),
  )
}

function upperSums(blue: v128, red: v128, factors: usize, others: usize): v128 {
  return f32x4.add(
    f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(blue)), v128.load(factors, 16)),
    f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(red)), v128.load(others, 16)),
  )
}

function rounded(numbers: v128): v128 {
  return i32x4.sub(f32x4.add(numbers, f32x4.splat(roundingTerm)), i32x4.splat(roundingBits))
}

/** Clamps eight coefficients, of which the first has this index. */
function bounded(numbers: v128, k: usize): v128 {
  const lower = i16x8.splat(<i16>least)
  const lowest = k === 0 ? i16x8.replace_lane(lower, 0, <i16>leastDc) : lower
  return i16x8.max_s(i16x8.min_s(numbers, i16x8.splat(<i16>most)), lowest)
}

/**
 * Permutes chroma that is coarser than luma. Writes the shift of each of its samples to `samples`: 32 bits each, rows
 * `stride` bytes apart, the image's first sample at `samples`. One extra sample before and after each row and column
 * repeats the edge of the image, for `shiftLuma`.
 */
export function permuteChroma(samples: usize, stride: usize, width: i32, height: i32): void {
  const across = acrossOf(1)
  const down = downOf(1)
  for (let row = 0; row < down; row++) {
    const target = samples + <usize>row * 8 * stride
    for (let column = 0; column < across; column++)
      permuteBlock(blockAt(1, row, column), blockAt(2, row, column), target + <usize>column * 32, stride)
    for (let line: usize = 0; line < 8; line++) repeatEdges(target + line * stride, width, across * 8)
  }
  const rowBytes = <usize>(across * 8 + 2) * 4
  memory.copy(samples - stride - 4, samples - 4, rowBytes)
  const last = samples + <usize>(height - 1) * stride - 4
  for (let line = height; line <= down * 8; line++)
    memory.copy(samples + <usize>line * stride - 4, last, rowBytes)
}

const shifts = memory.data(64 * 4, 16)
const transposed = memory.data(64 * 4, 16)

function permuteBlock(cb: usize, cr: usize, target: usize, stride: usize): void {
  let slopes = v128.splat<i32>(0)
  for (let k: usize = 0; k < 64; k += 8) {
    const at = k << 1
    const blue = v128.load(cb + at)
    const red = v128.load(cr + at)
    const some = v128.or(blue, red)
    slopes = v128.or(slopes, k === 0 ? i16x8.replace_lane(some, 0, 0) : some)
    v128.store(shifts + (k << 2), lowerSums(blue, red, y0 + (k << 2), y1 + (k << 2)))
    v128.store(shifts + (k << 2), upperSums(blue, red, y0 + (k << 2), y1 + (k << 2)), 16)
    v128.store(cb + at, bounded(combined(blue, red, cb0 + (k << 2), cb1 + (k << 2)), k))
    v128.store(cr + at, bounded(combined(blue, red, cr0 + (k << 2), cr1 + (k << 2)), k))
  }
  if (!v128.any_true(slopes)) {
    const level = f32x4.splat(load<f32>(shifts))
    for (let line: usize = 0; line < 8; line++) {
      v128.store(target + line * stride, level)
      v128.store(target + line * stride, level, 16)
    }
    return
  }
  for (let k: usize = 0; k < 64; k++)
    store<f32>(transposed + ((<usize>load<u8>(positionsAt + k)) << 2), load<f32>(shifts + (k << 2)))
  inverse(transposed, target, stride)
}

function repeatEdges(row: usize, width: i32, samples: i32): void {
  store<f32>(row - 4, load<f32>(row))
  const last = load<f32>(row + <usize>(width - 1) * 4)
  for (let at = width; at <= samples; at++) store<f32>(row + <usize>at * 4, last)
}

const block = memory.data(64 * 4, 16)
const rounds = memory.data(64 * 2, 16)
/** For each index in a transposed block, the coefficient's index in zigzag order. */
const zigzag = memory.data(64)

/**
 * Adds to luma the shifts that `permuteChroma` wrote for a chroma of `width` samples, upsampled as decoders do.
 * `horizontal` and `vertical` are luma's sampling factors: 1, 2 or 4.
 */
export function shiftLuma(samples: usize, stride: usize, width: i32, horizontal: i32, vertical: i32): void {
  for (let k: usize = 0; k < 64; k++) store<u8>(zigzag + load<u8>(positionsAt + k), <u8>k)
  const columns = acrossOf(0)
  const rows = downOf(0)
  for (let row = 0; row < rows; row++) {
    const line = samples + <usize>((row * 8) / vertical) * stride
    for (let column = 0; column < columns; column++) {
      upsample(block, line + <usize>((column * 8) / horizontal) * 4, stride, width, horizontal, vertical)
      forward(block, transposed)
      addRounded(blockAt(0, row, column))
    }
  }
}

/** Adds the transformed block to coefficients. Most often only a few change. */
function addRounded(y: usize): void {
  let changed: u64 = 0
  for (let k: usize = 0; k < 64; k += 8) {
    const lower = f32x4.mul(v128.load(transposed + (k << 2)), v128.load(divisorsAt + (k << 2)))
    const upper = f32x4.mul(v128.load(transposed + (k << 2), 16), v128.load(divisorsAt + (k << 2), 16))
    const numbers = i16x8.narrow_i32x4_s(rounded(lower), rounded(upper))
    v128.store(rounds + (k << 1), numbers)
    changed |= (<u64>(<u32>i16x8.bitmask(i16x8.ne(numbers, i16x8.splat(0))))) << k
  }
  for (; changed !== 0; changed &= changed - 1) {
    const position = <usize>ctz(changed)
    const k: usize = load<u8>(zigzag + position)
    addTo(y + (k << 1), position, k === 0 ? leastDc : least)
  }
}

function addTo(coefficient: usize, position: usize, lowest: i32): void {
  const sum = <i32>load<i16>(coefficient) + <i32>load<i16>(rounds + (position << 1))
  store<i16>(coefficient, <i16>max(min(sum, most), lowest))
}
