import { extended, nextValue, take } from './bit-reader'
import * as failure from './errors'
import { lowBit, spectralEnd, spectralStart } from './scan'

/** The number of following blocks that are empty in this scan: EOBRUN (T.81, G.1.2.2). */
let bandRun: i32 = 0

/** Called at the start of a scan or a restart interval. */
export function startBands(): void {
  bandRun = 0
}

/** One more bit of DC (T.81, G.1.2.1). */
export function dcRefine(block: usize): i32 {
  const more = take(1) << lowBit
  store<i16>(block, load<i16>(block) | <i16>more)
  return 0
}

/** The upper bits of AC (T.81, G.1.2.2). */
export function acFirst(block: usize, ac: usize): i32 {
  if (bandRun > 0) {
    bandRun--
    return 0
  }
  for (let k = spectralStart; k <= spectralEnd; k++) {
    const code = nextValue(ac)
    if (code < 0) return failure.unknownCode
    const run = code >> 4
    const category = code & 15
    if (category === 0) {
      if (run < 15) {
        bandRun = (1 << run) - 1 + take(run)
        break
      }
      k += 15
      continue
    }
    k += run
    if (k > spectralEnd) return failure.beyondBlock
    const value = extended(take(category), category) << lowBit
    if (value < -1023 || value > 1023) return failure.outOfRange
    store<i16>(block + (k << 1), <i16>value)
  }
  return 0
}

/**
 * T.81, G.1.2.3: one more bit of the coefficients that aren't zero yet, and the coefficients that now become nonzero.
 */
export function acRefine(block: usize, ac: usize): i32 {
  const one = 1 << lowBit
  let k = spectralStart
  if (bandRun === 0) {
    for (; k <= spectralEnd; k++) {
      const code = nextValue(ac)
      if (code < 0) return failure.unknownCode
      let run = code >> 4
      const category = code & 15
      let value = 0
      if (category !== 0) {
        if (category !== 1 || one > 1023) return failure.outOfRange
        value = take(1) ? one : -one
      } else if (run < 15) {
        bandRun = (1 << run) + take(run)
        break
      }
      for (; k <= spectralEnd; k++) {
        const coefficient = block + (k << 1)
        if (load<i16>(coefficient) !== 0) refine(coefficient, one)
        else if (--run < 0) break
      }
      if (value !== 0) {
        if (k > spectralEnd) return failure.beyondBlock
        store<i16>(block + (k << 1), <i16>value)
      }
    }
  }
  if (bandRun > 0) {
    for (; k <= spectralEnd; k++) {
      const coefficient = block + (k << 1)
      if (load<i16>(coefficient) !== 0) refine(coefficient, one)
    }
    bandRun--
  }
  return 0
}

function refine(coefficient: usize, one: i32): void {
  if (!take(1)) return
  const value = <i32>load<i16>(coefficient)
  if ((value & one) === 0) store<i16>(coefficient, <i16>(value >= 0 ? value + one : value - one))
}
