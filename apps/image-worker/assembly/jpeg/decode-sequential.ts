import { at, bits, extended, nextValue, refill, setAhead, take, window } from './bit-reader'
import { longCode, peekBits, peekEntries } from './decode-table'
import * as failure from './errors'
import { lowBit, predictionOf, setPrediction } from './scan'
import { hasByteOfOnes } from './stuffing'

/** A whole block (T.81, F.2.2). */
export function sequentialBlock(block: usize, component: i32, dc: usize, ac: usize): i32 {
  const error = dcFirst(block, component, dc)
  return error ? error : acBlock(block, ac)
}

/** The AC coefficients of a block. Keeps the reader's state in locals, because this loop takes most of the time. */
function acBlock(block: usize, ac: usize): i32 {
  let ahead = window
  let count = bits
  let next = at
  for (let k = 1; k < 64; k++) {
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
    let entry: i32 = load<u16>(ac + ((<usize>(ahead >> (count - peekBits)) & (peekEntries - 1)) << 1))
    if (entry === 0) {
      entry = longCode(ac, <i32>(ahead >> (count - 16)) & 0xffff)
      if (entry === 0) return failure.unknownCode
    }
    count -= entry >> 8
    const category = entry & 15
    const run = (entry >> 4) & 15
    if (category === 0) {
      if (run < 15) break
      k += 15
      continue
    }
    k += run
    if (k > 63) {
      setAhead(ahead, count, next)
      return failure.beyondBlock
    }
    count -= category
    const raw = <i32>(ahead >> count) & ((1 << category) - 1)
    store<i16>(block + (k << 1), <i16>extended(raw, category))
  }
  setAhead(ahead, count, next)
  return 0
}

/** DC, or its upper bits: a category, and the difference to the component's last DC (T.81, F.2.2.1 and G.1.2.1). */
export function dcFirst(block: usize, component: i32, table: usize): i32 {
  const category = nextValue(table)
  if (category < 0) return failure.unknownCode
  const dc = predictionOf(component) + extended(take(category), category)
  setPrediction(component, dc)
  const coefficient = dc << lowBit
  if (coefficient < -1024 || coefficient > 1023) return failure.outOfRange
  store<i16>(block, <i16>coefficient)
  return 0
}
