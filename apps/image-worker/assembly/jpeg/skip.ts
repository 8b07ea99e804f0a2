import { extended } from './bit-reader'
import { entryOf } from './decode-table'
import * as failure from './errors'
import { followAc } from './follow-ac'
import * as reader from './interval-reader'
import { predictionOf, setPrediction } from './scan'
import {
  coefficientsOf,
  endOfBlock,
  endsBlock,
  lengthOf,
  runBits,
  runTableBytes,
  takenBy,
} from './symbol-runs'

/**
 * Skips a block, but adds its DC to the component's prediction. Returns an error or 0.
 *
 * @param tables the tables of the block, of `blockTables`
 */
export function skipBlock(component: i32, tables: usize): i32 {
  if (reader.isPastEnd()) return failure.endsTooEarly
  reader.refill()
  const dc = entryOf(<usize>load<u32>(tables, 4), reader.ahead, 64)
  if (dc === 0) return failure.unknownCode
  if (!addDifference(component, differenceOf(dc))) return failure.outOfRange
  const runs = <usize>load<u32>(tables)
  const run: i32 = load<u16>(runs + ((<usize>(reader.ahead >> (64 - runBits))) << 1))
  reader.skip(run === 0 ? lengthOf(dc) : run & 0xff)
  if (run >= endOfBlock) return 0
  return followAc(1 + takenBy(run), runs + runTableBytes, <usize>load<u32>(tables, 8), false)
}

/** Whether `lowBlock` has kept no coefficient of the last block. */
export let isFlat: bool = true

/**
 * Reads a block, but keeps only its lowest coefficients. Returns an error or 0.
 *
 * @param tables the tables of the block, of `blockTables`
 * @param kept how many coefficients are kept, in zigzag order; DC is only kept as the component's prediction
 * @param block where they are kept, as numbers of 32 bits
 * @param places for each position in zigzag order, 16 bits each: the step to multiply by, and the place in `block`.
 * There are 15 more positions, because a run of zeros may lead beyond the coefficients that are kept.
 */
export function lowBlock(component: i32, tables: usize, kept: i32, block: usize, places: usize): i32 {
  isFlat = true
  if (kept === 1) return skipBlock(component, tables)
  const difference = dcDifference(tables)
  if (difference === unknown) return reader.isPastEnd() ? failure.endsTooEarly : failure.unknownCode
  if (!addDifference(component, difference)) return failure.outOfRange
  const codes = <usize>load<u32>(tables, 8)
  let k = 1
  while (k < kept) {
    reader.refill()
    const code = entryOf(codes, reader.ahead, 64)
    if (code === 0) return failure.unknownCode
    keep(block, places + (k << 2), code, reader.ahead)
    reader.skip(lengthOf(code))
    if (endsBlock(code)) return 0
    k += coefficientsOf(code)
  }
  return followAc(k, <usize>load<u32>(tables) + runTableBytes, codes, false)
}

/** No DC difference has this value. */
export const unknown: i32 = i32.MIN_VALUE

/**
 * The difference between a block's DC and the last DC of its component; `unknown` if the next bits are not a code, or the
 * data have ended.
 *
 * @param tables the tables of the block, of `blockTables`
 */
export function dcDifference(tables: usize): i32 {
  if (reader.isPastEnd()) return unknown
  reader.refill()
  const code = entryOf(<usize>load<u32>(tables, 4), reader.ahead, 64)
  if (code === 0) return unknown
  const difference = differenceOf(code)
  reader.skip(lengthOf(code))
  return difference
}

/** The difference that this DC code, which is next, and its extra bits mean. */
function differenceOf(code: i32): i32 {
  const category = code & 15
  const raw = <i32>(reader.ahead >> (64 - lengthOf(code))) & ((1 << category) - 1)
  return extended(raw, category)
}

/** Adds a difference to the component's prediction. Returns whether eight-bit samples can have this DC. */
export function addDifference(component: i32, difference: i32): bool {
  const value = predictionOf(component) + difference
  if (value < -1024 || value > 1023) return false
  setPrediction(component, value)
  return true
}

/** Keeps the coefficient that a code announces, after its run of zeros; the end of a block has none. */
function keep(block: usize, places: usize, code: i32, ahead: u64): void {
  const category = code & 15
  if (category === 0) return
  isFlat = false
  const raw = <i32>(ahead >> (64 - lengthOf(code))) & ((1 << category) - 1)
  const place = places + (((code >> 4) & 15) << 2)
  store<i32>(block + load<u16>(place, 2), extended(raw, category) * <i32>load<u16>(place))
}
