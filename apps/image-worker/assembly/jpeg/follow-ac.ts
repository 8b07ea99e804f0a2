import { entryOf } from './decode-table'
import * as failure from './errors'
import * as reader from './interval-reader'
import { countAc, countUse } from './run-uses'
import {
  coefficientsOf,
  endOfBlock,
  endsBlock,
  fits,
  isBeyond,
  lengthOf,
  runBits,
  takenBy,
} from './symbol-runs'

/**
 * Follows the AC codes of a block from coefficient `k` on, by runs. Returns an error or 0. Keeps the reader's state in
 * locals, because this loop takes most of the time.
 *
 * @param runs the table of runs of AC only, and `codes` the table of AC codes
 * @param isCounting whether to count the symbols
 */
export function followAc(k: i32, runs: usize, codes: usize, isCounting: bool): i32 {
  let ahead = reader.ahead
  let count = reader.count
  let next = reader.next
  const shift = 64 - runBits
  while (k < 64) {
    // Without a branch, which would be mispredicted often: up to 32 bits, enough for two runs.
    const isShort = <i64>(count < 32)
    ahead |= ((<u64>load<u32>(next)) << (32 - count)) & -isShort
    next += <usize>(isShort << 2)
    count += isShort << 5
    let run: i32 = load<u16>(runs + ((<usize>(ahead >> shift)) << 1))
    if (fits(run, k)) {
      if (isCounting) countUse(runs, <usize>(ahead >> shift))
      ahead <<= run & 0xff
      count -= run & 0xff
      k += takenBy(run)
      if (run >= endOfBlock || k > 63) break
      run = load<u16>(runs + ((<usize>(ahead >> shift)) << 1))
      if (fits(run, k)) {
        if (isCounting) countUse(runs, <usize>(ahead >> shift))
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
    const code = entryOf(codes, ahead, 64)
    if (code === 0) return failure.unknownCode
    if (isCounting) countAc(runs, code)
    ahead <<= lengthOf(code)
    count -= lengthOf(code)
    if (endsBlock(code)) break
    k += coefficientsOf(code)
    if (isBeyond(code, k)) return failure.beyondBlock
  }
  reader.setAhead(ahead, count, next)
  return 0
}
