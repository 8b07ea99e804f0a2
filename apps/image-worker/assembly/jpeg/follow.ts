import { blockTables, blockTablesBytes, setBlockTables } from './block-tables'
import { entryOf } from './decode-table'
import * as failure from './errors'
import { followAc } from './follow-ac'
import * as reader from './interval-reader'
import { clearUses, countDc, countSymbols, countUse } from './run-uses'
import { blocksInMcu, mcusAcross, mcusDown, startScan } from './scan'
import { endOfBlock, lengthOf, makeRunTables, runBits, runTableBytes, takenBy } from './symbol-runs'

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
  setBlockTables()
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

/** Follows the codes of an interval. */
function followMcus(mcus: i32, isCounting: bool): i32 {
  const shift = 64 - runBits
  const endOfMcu = blockTables + <usize>blocksInMcu * blockTablesBytes
  for (; mcus > 0; mcus--) {
    for (let tables = blockTables; tables < endOfMcu; tables += blockTablesBytes) {
      if (reader.isPastEnd()) return failure.endsTooEarly
      reader.refill()
      const runs = <usize>load<u32>(tables)
      const run: i32 = load<u16>(runs + ((<usize>(reader.ahead >> shift)) << 1))
      if (run === 0) {
        const code = entryOf(<usize>load<u32>(tables, 4), reader.ahead, 64)
        if (code === 0) return failure.unknownCode
        if (isCounting) countDc(runs, code)
        reader.skip(lengthOf(code))
      } else {
        if (isCounting) countUse(runs, <usize>(reader.ahead >> shift))
        reader.skip(run & 0xff)
        if (run >= endOfBlock) continue
      }
      const codes = <usize>load<u32>(tables, 8)
      const error = followAc(1 + takenBy(run), runs + runTableBytes, codes, isCounting)
      if (error) return error
    }
  }
  return 0
}
