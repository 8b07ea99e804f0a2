import { acTableOf, dcTableOf } from './components'
import { decodeTableAt, entryOf } from './decode-table'
import * as failure from './errors'
import * as reader from './interval-reader'
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
import { unstuffedEnd } from './unstuff'

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
  reader.startReading(from, end, interval, copy)
  let left = mcusAcross * mcusDown
  while (left > 0) {
    const mcus = reader.mcusInInterval(left)
    const error = followMcus(mcus, isCounting)
    if (error) return error
    left -= mcus
    if (left === 0) break
    const missing = reader.nextInterval()
    if (missing) return missing
  }
  if (isCounting) countSymbols(componentMask)
  return reader.endReading()
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

/** Follows the codes of an interval. Keeps the reader's state in locals, because this loop takes most of the time. */
function followMcus(mcus: i32, isCounting: bool): i32 {
  let ahead = reader.ahead
  let count = reader.count
  let next = reader.next
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
  reader.setAhead(ahead, count, next)
  return 0
}
