import { at, bits, extended, goBack, padding, refill, setAhead, window } from './bit-reader'
import { acTableOf, dcTableOf } from './components'
import { acBlock } from './decode-sequential'
import { decodeTableAt, entryOf } from './decode-table'
import * as failure from './errors'
import { predictionOf, setPrediction } from './scan'
import { hasByteOfOnes } from './stuffing'
import {
  endOfBlock,
  endsBlock,
  lengthOf,
  runBits,
  runEntries,
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
 * Reads a block, but keeps only its lowest coefficients. Returns an error or 0. If the codes don't end exactly with the
 * block, `acBlock` finds the error. Keeps the reader's state in locals, because this loop takes most of the time.
 *
 * @param kept how many coefficients are kept, in zigzag order; DC is only kept as the component's prediction
 * @param block where they are kept, as numbers of 32 bits
 * @param places for each position in zigzag order, 16 bits each: the step to multiply by, and the place in `block`.
 * There are 15 more positions, as a run of zeros may lead beyond the coefficients that are kept.
 */
export function lowBlock(component: i32, kept: i32, block: usize, places: usize): i32 {
  if (bits < 32) refill()
  let ahead = window
  let count = bits
  let next = at
  const dc = entryOf(decodeTableAt(0, dcTableOf(component)), ahead, count)
  if (dc === 0) return failure.unknownCode
  const category = dc & 0xff
  count -= (dc >> 8) + category
  const value = predictionOf(component) + extended(<i32>(ahead >> count) & ((1 << category) - 1), category)
  if (value < -1024 || value > 1023) return failure.outOfRange
  setPrediction(component, value)
  const aheadOfAc = ahead
  const countOfAc = count
  const nextOfAc = next
  const paddingOfAc = padding
  const number = acTableOf(component)
  isFlat = true
  const table = runTableAt(runTableOf(component)) + runTableBytes
  const mask: usize = runEntries() - 1
  for (let k = 1; k < 64; ) {
    if (count < 32) {
      const word = bswap(load<u32>(next))
      if (!hasByteOfOnes(word)) {
        ahead = (ahead << 32) | word
        count += 32
        next += 4
      } else {
        setAhead(ahead, count, next)
        refill()
        ahead = window
        count = bits
        next = at
      }
    }
    let some: i32 = 0
    if (k >= kept) some = load<u16>(table + ((<usize>(ahead >> (count - runBits)) & mask) << 1))
    if (some === 0) {
      const entry = entryOf(decodeTableAt(1, number), ahead, count)
      some = runOf(entry)
      if (k < kept) keep(block, places + (k << 2), entry, ahead, count)
    }
    k += takenBy(some)
    if (some === 0 || k > 64 || (k === 64 && some >= endOfBlock)) {
      goBack(aheadOfAc, countOfAc, nextOfAc, paddingOfAc)
      return acBlock(scratch, decodeTableAt(1, number))
    }
    count -= some & 0xff
    if (some >= endOfBlock) break
  }
  setAhead(ahead, count, next)
  return 0
}

/** Keeps the coefficient that an entry's code announces, after its run of zeros; the end of a block has none. */
function keep(block: usize, places: usize, entry: i32, ahead: u64, count: i64): void {
  const category = entry & 15
  if (category === 0) return
  const raw = <i32>(ahead >> (count - (entry >> 8) - category)) & ((1 << category) - 1)
  isFlat = false
  const place = places + (((entry >> 4) & 15) << 2)
  store<i32>(block + load<u16>(place, 2), extended(raw, category) * <i32>load<u16>(place))
}

/** The run of the one symbol of a code's entry; 0 for none. */
function runOf(code: i32): i32 {
  if (code === 0) return 0
  return endsBlock(code) ? lengthOf(code) | endOfBlock : lengthOf(code) | ((((code >> 4) & 15) + 1) << 8)
}
