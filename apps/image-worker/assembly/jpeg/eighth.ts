import { acrossOf, acTableOf, dcTableOf, horizontalOf, planeOf, verticalOf } from './components'
import { endDecoding, startDecoding, startMcu } from './decode'
import { sequentialBlock } from './decode-sequential'
import { decodeTableAt } from './decode-table'
import { blockOfMember, blocksInMcu, componentOfMember, mcusAcross, mcusDown, predictionOf } from './scan'
import { makeSkipTables, skipBlock } from './skip'
import { nonzero } from './symbols'

/** The quantisation steps of each component, in zigzag order. */
export const stepsAt = memory.data(4 * 64)

/** The coefficients of a block with four samples. Zero between blocks, except for DC. */
const block = memory.data(128, 16)

/**
 * Decodes the only scan of a sequential image at an eighth of its size: one sample for each block (libjpeg's
 * jpeg_idct_1x1), or four for each block of the components in `quadMask` (jpeg_idct_2x2). A component's samples are
 * where `setComponent` put its coefficients, in the order of its blocks: a byte, or two rows of two bytes, for each.
 *
 * @param quadMask a bit for each component
 * @returns 0, or an error, as `decodeScan` does
 */
export function decodeEighth(from: usize, end: usize, componentMask: i32, interval: i32, quadMask: i32): i32 {
  startDecoding(from, end, componentMask, interval)
  makeSkipTables(componentMask & ~quadMask)
  clearBytes(block, 128) // after an error
  for (let y = 0; y < mcusDown; y++) {
    for (let x = 0; x < mcusAcross; x++) {
      const error = startMcu()
      if (error) return error
      for (let index = 0; index < blocksInMcu; index++) {
        const component = componentOfMember(index)
        const plane = planeOf(component)
        const number = (blockOfMember(index, x, y) - plane) >> 7
        const isQuad = (quadMask >> component) & 1
        const error = isQuad
          ? decodeQuad(component, plane + (number << 2))
          : decodeOne(component, plane + number)
        if (error) return error
      }
    }
  }
  return endDecoding()
}

function decodeOne(component: i32, target: usize): i32 {
  const error = skipBlock(component)
  if (error) return error
  store<u8>(target, sampleOf(predictionOf(component) * stepOf(component, 0), 3))
  return 0
}

function decodeQuad(component: i32, target: usize): i32 {
  const dc = decodeTableAt(0, dcTableOf(component))
  const ac = decodeTableAt(1, acTableOf(component))
  const error = sequentialBlock(block, component, dc, ac)
  if (error) return error
  const filled = nonzero(block)
  if (filled >> 1 === 0) {
    const sample = <u32>sampleOf(predictionOf(component) * stepOf(component, 0), 3)
    store<u32>(target, sample * 0x01010101)
    return 0
  }
  sumColumns(component, filled)
  transformRow(upper, target)
  transformRow(lower, target + 2)
  clearBytes(block, 128)
  return 0
}

/**
 * jpeg_idct_2x2 uses columns and rows 0, 1, 3, 5 and 7. For each position in zigzag order: 8 times the number of its
 * column among these, plus the number of its row; -1 for a coefficient that isn't used.
 */
const places = memory.data<i8>([
  0, 8, 1, -1, 9, -1, 16, -1, -1, 2, -1, 10, -1, 17, -1, 24, -1, -1, -1, -1, 3, -1, 11, -1, 18, -1, 25, -1,
  32, -1, -1, -1, -1, -1, -1, 4, 12, -1, 19, -1, 26, -1, 33, -1, -1, -1, -1, -1, -1, 20, -1, 27, -1, 34, -1,
  -1, -1, -1, 28, -1, 35, -1, -1, 36,
])
/** The factors of rows and columns 0, 1, 3, 5 and 7, times 2^13 (jidctred.c). */
const factors = memory.data<i32>([32768, 29692, -10426, 6967, -5906])
/** The upper and the lower sum of each of the five columns. */
const upper = memory.data(32, 16)
const lower = memory.data(32, 16)

/** The columns of jpeg_idct_2x2, into `upper` and `lower`. `filled`: a bit for each coefficient that isn't zero. */
function sumColumns(component: i32, filled: u64): void {
  clearBytes(upper, 32)
  clearBytes(lower, 32)
  for (let mask = filled; mask !== 0; mask &= mask - 1) {
    const position = <i32>ctz(mask)
    const place: i32 = load<i8>(places + position)
    if (place < 0) continue
    const row = place & 7
    const column = (place >> 3) << 2
    const term = load<i16>(block + (position << 1)) * stepOf(component, position) * factorOf(row)
    store<i32>(upper + column, load<i32>(upper + column) + term)
    store<i32>(lower + column, load<i32>(lower + column) + (row === 0 ? term : -term))
  }
  for (let column = 0; column < 20; column += 4) {
    store<i32>(upper + column, (load<i32>(upper + column) + (1 << 12)) >> 13)
    store<i32>(lower + column, (load<i32>(lower + column) + (1 << 12)) >> 13)
  }
}

/** A row of jpeg_idct_2x2: two samples from `upper` or `lower`. */
function transformRow(row: usize, target: usize): void {
  const even = load<i32>(row) * factorOf(0)
  let odd = 0
  for (let column = 1; column < 5; column++) odd += load<i32>(row + (column << 2)) * factorOf(column)
  store<u8>(target, sampleOf(even + odd, 20))
  store<u8>(target, sampleOf(even - odd, 20), 1)
}

/** For so few bytes, quicker than memory.fill. */
function clearBytes(from: usize, bytes: usize): void {
  for (let at = from; at < from + bytes; at += 16) v128.store(at, i64x2.splat(0))
}

function factorOf(place: i32): i32 {
  return load<i32>(factors + (place << 2))
}

function stepOf(component: i32, position: i32): i32 {
  return load<u8>(stepsAt + (component << 6) + position)
}

/** The sample of a sum that is scaled by 2^bits. As in libjpeg, sums that no encoder makes wrap around. */
function sampleOf(sum: i32, bits: i32): i32 {
  return limited(((((sum + (1 << (bits - 1))) >> bits) << 22) >> 22) + 128)
}

/**
 * Writes the decoded samples of an image of three components as red, green and blue. Chroma that has fewer samples than
 * luma is repeated, as libjpeg does at this size.
 */
export function eighthToRgb(quadMask: i32, width: i32, height: i32, target: usize): void {
  const isQuad = (quadMask >> 1) & 1
  const shiftAcross = ctz(horizontalOf(0) >> isQuad)
  const shiftDown = ctz(verticalOf(0) >> isQuad)
  for (let y = 0; y < height; y++) {
    const luma = planeOf(0) + <usize>(y * acrossOf(0))
    for (let x = 0; x < width; x++, target += 3) {
      const sample: i32 = load<u8>(luma + x)
      const row = y >> shiftDown
      const column = x >> shiftAcross
      const at = isQuad
        ? (((row >> 1) * acrossOf(1) + (column >> 1)) << 2) + ((row & 1) << 1) + (column & 1)
        : row * acrossOf(1) + column
      writeRgb(target, sample, load<u8>(planeOf(1) + at) - 128, load<u8>(planeOf(2) + at) - 128)
    }
  }
}

/** JFIF's matrix times 2^16, rounded as in libjpeg (jdcolor.c). */
function writeRgb(target: usize, luma: i32, blue: i32, red: i32): void {
  const half = 1 << 15
  store<u8>(target, limited(luma + ((91881 * red + half) >> 16)))
  store<u8>(target, limited(luma + ((half - 22554 * blue - 46802 * red) >> 16)), 1)
  store<u8>(target, limited(luma + ((116130 * blue + half) >> 16)), 2)
}

function limited(value: i32): i32 {
  return max(0, min(255, value))
}
