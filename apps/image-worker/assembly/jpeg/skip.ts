import { extended } from './bit-reader'
import { acTableOf, dcTableOf } from './components'
import { decodeTableAt, entryOf } from './decode-table'
import * as failure from './errors'
import * as reader from './interval-reader'
import { predictionOf, setPrediction } from './scan'
import {
  endOfBlock,
  endsBlock,
  fits,
  lengthOf,
  runBits,
  runTableAt,
  runTableBytes,
  runTableOf,
  takenBy,
} from './symbol-runs'

/** Scratch memory for coefficients that are dropped. */
const scratch = memory.data(128, 16)

/** Skips a block. Returns an error or 0. */
export function skipBlock(component: i32): i32 {
  return lowBlock(component, 1, scratch, scratch)
}

/** Whether `lowBlock` has kept no coefficient of the last block. */
export let isFlat: bool = true

/**
 * Reads a block, but keeps only its lowest coefficients. Returns an error or 0. Keeps the reader's state in locals, because
 * this loop takes most of the time.
 *
 * @param kept how many coefficients are kept, in zigzag order; DC is only kept as the component's prediction
 * @param block where they are kept, as numbers of 32 bits
 * @param places for each position in zigzag order, 16 bits each: the step to multiply by, and the place in `block`.
 * There are 15 more positions, as a run of zeros may lead beyond the coefficients that are kept.
 */
export function lowBlock(component: i32, kept: i32, block: usize, places: usize): i32 {
  const difference = dcDifference(component)
  if (difference === unknown) return reader.isPastEnd() ? failure.endsTooEarly : failure.unknownCode
  const value = predictionOf(component) + difference
  if (value < -1024 || value > 1023) return failure.outOfRange
  setPrediction(component, value)
  isFlat = true
  const codes = decodeTableAt(1, acTableOf(component))
  const runs = runTableAt(runTableOf(component)) + runTableBytes
  const shift = 64 - runBits
  let ahead = reader.ahead
  let count = reader.count
  let next = reader.next
  for (let k = 1; k < 64; ) {
    const isShort = <i64>(count < 32)
    ahead |= ((<u64>load<u32>(next)) << (32 - count)) & -isShort
    next += <usize>(isShort << 2)
    count += isShort << 5
    let run = 0
    if (k >= kept) {
      run = load<u16>(runs + ((<usize>(ahead >> shift)) << 1))
      if (fits(run, k)) {
        ahead <<= run & 0xff
        count -= run & 0xff
        k += takenBy(run)
        if (run >= endOfBlock || k > 63) break
        // There are enough bits for two runs.
        run = load<u16>(runs + ((<usize>(ahead >> shift)) << 1))
        if (fits(run, k)) {
          ahead <<= run & 0xff
          count -= run & 0xff
          if (run >= endOfBlock) break
          k += takenBy(run)
          continue
        }
        if (count < 32) {
          ahead |= (<u64>load<u32>(next)) << (32 - count)
          next += 4
          count += 32
        }
      }
    }
    const code = entryOf(codes, ahead, 64)
    if (code === 0) return failure.unknownCode
    if (k < kept) keep(block, places + (k << 2), code, ahead)
    ahead <<= lengthOf(code)
    count -= lengthOf(code)
    if (endsBlock(code)) break
    k += ((code >> 4) & 15) + 1
    if ((code & 15) !== 0 && k > 64) return failure.beyondBlock
  }
  reader.setAhead(ahead, count, next)
  return 0
}

/** No DC difference has this value. */
export const unknown: i32 = i32.MIN_VALUE

/** The difference of a block's DC to the component's last; `unknown` if there is no code for it, or no data. */
export function dcDifference(component: i32): i32 {
  if (reader.isPastEnd()) return unknown
  reader.refill()
  const code = entryOf(decodeTableAt(0, dcTableOf(component)), reader.ahead, 64)
  if (code === 0) return unknown
  const category = code & 15
  const raw = <i32>(reader.ahead >> (64 - lengthOf(code))) & ((1 << category) - 1)
  reader.setAhead(reader.ahead << lengthOf(code), reader.count - lengthOf(code), reader.next)
  return extended(raw, category)
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
