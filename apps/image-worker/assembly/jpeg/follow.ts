import { acTableOf, dcTableOf } from './components'
import { endScan } from './decode'
import { decodeTableAt, entryOf } from './decode-table'
import * as failure from './errors'
import { clearUses, countAc, countDc, countSymbols, countUse } from './run-uses'
import { blocksInMcu, componentOfMember, mcusAcross, mcusDown, startScan } from './scan'
import {
  endOfBlock,
  endsBlock,
  fits,
  lengthOf,
  makeRunTables,
  runBits,
  runTableAt,
  runTableBytes,
  runTableOf,
  takenBy,
} from './symbol-runs'
import { unstuff, unstuffedEnd } from './unstuff'

/** For each block in an MCU: the addresses of its run tables, and of the tables of its DC and AC codes. */
const sources = memory.data(10 * 3 * 4, 4)
const sourceBytes: usize = 12

/**
 * Follows the codes of the only scan of a sequential image to make sure that they are complete. DC is not added up, so a
 * DC that is out of range is not found.
 *
 * @param isCounting whether to count the symbols, as `countScan` does
 * @param copy the address of memory for the data between two markers, and `unstuffedMargin` bytes more
 * @returns 0, or an error, as `decodeScan` does
 */
export function followScan(
  from: usize,
  end: usize,
  componentMask: i32,
  interval: i32,
  isCounting: bool,
  copy: usize,
): i32 {
  startScan(componentMask)
  makeRunTables(componentMask, end - from)
  setSources()
  if (isCounting) clearUses()
  let left = mcusAcross * mcusDown
  for (let restarts = 0; ; restarts++) {
    from = unstuff(from, copy)
    const mcus = interval === 0 ? left : min(left, interval)
    const error = followMcus(mcus, copy, isCounting)
    if (error) return error
    if (from >= end) return failure.bytesLeft
    left -= mcus
    if (left === 0) break
    while (from + 1 < end && load<u8>(from + 1) === 0xff) from++
    if (from + 1 >= end || load<u8>(from + 1) !== 0xd0 + (restarts & 7)) return failure.noRestart
    from += 2
  }
  if (isCounting) countSymbols(componentMask)
  endScan(from)
  return 0
}

function setSources(): void {
  for (let index = 0; index < blocksInMcu; index++) {
    const component = componentOfMember(index)
    const source = sources + <usize>index * sourceBytes
    store<u32>(source, <u32>runTableAt(runTableOf(component)))
    store<u32>(source, <u32>decodeTableAt(0, dcTableOf(component)), 4)
    store<u32>(source, <u32>decodeTableAt(1, acTableOf(component)), 8)
  }
}

/**
 * Follows the codes between two markers. Keeps the reader's state in locals, because this loop takes most of the time:
 * the upper `count` bits of `ahead` are read, and the word at `next` is not.
 */
function followMcus(mcus: i32, next: usize, isCounting: bool): i32 {
  let ahead: u64 = 0
  let count: i64 = 0
  const shift = 64 - runBits
  const endOfMcu = sources + <usize>blocksInMcu * sourceBytes
  for (; mcus > 0; mcus--) {
    for (let source = sources; source < endOfMcu; source += sourceBytes) {
      if (next > unstuffedEnd + 8) return failure.endsTooEarly
      if (count < 32) {
        ahead |= (<u64>load<u32>(next)) << (32 - count)
        next += 4
        count += 32
      }
      let table = <usize>load<u32>(source)
      let run: i32 = load<u16>(table + ((<usize>(ahead >> shift)) << 1))
      if (run === 0) {
        const code = entryOf(<usize>load<u32>(source, 4), ahead, 64)
        if (code === 0) return failure.unknownCode
        if (isCounting) countDc(table, code)
        ahead <<= lengthOf(code)
        count -= lengthOf(code)
      } else {
        if (isCounting) countUse(table, <usize>(ahead >> shift))
        ahead <<= run & 0xff
        count -= run & 0xff
        if (run >= endOfBlock) continue
      }
      table += runTableBytes
      for (let k = 1 + takenBy(run); k < 64; ) {
        // Without a branch, which would be mispredicted often: up to 32 bits, enough for two runs.
        const isShort = <i64>(count < 32)
        ahead |= ((<u64>load<u32>(next)) << (32 - count)) & -isShort
        next += <usize>(isShort << 2)
        count += isShort << 5
        run = load<u16>(table + ((<usize>(ahead >> shift)) << 1))
        if (fits(run, k)) {
          if (isCounting) countUse(table, <usize>(ahead >> shift))
          ahead <<= run & 0xff
          count -= run & 0xff
          k += takenBy(run)
          if (run >= endOfBlock || k > 63) break
          run = load<u16>(table + ((<usize>(ahead >> shift)) << 1))
          if (fits(run, k)) {
            if (isCounting) countUse(table, <usize>(ahead >> shift))
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
        const code = entryOf(<usize>load<u32>(source, 8), ahead, 64)
        if (code === 0) return failure.unknownCode
        if (isCounting) countAc(table, code)
        ahead <<= lengthOf(code)
        count -= lengthOf(code)
        if (endsBlock(code)) break
        k += ((code >> 4) & 15) + 1
        if ((code & 15) !== 0 && k > 64) return failure.beyondBlock
      }
    }
  }
  const left = (<i64>unstuffedEnd - <i64>next) * 8 + count
  return left < 0 ? failure.endsTooEarly : left < 8 ? 0 : failure.bytesLeft
}
