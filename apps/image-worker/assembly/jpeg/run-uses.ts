import { acTableOf, dcTableOf } from './components'
import { decodeTableAt } from './decode-table'
import { lengthOf, runEntries, runTableAt, runTableBytes, runTableOf, wholeSymbol } from './symbol-runs'
import { count, countsAt, symbolTableBytes } from './symbols'

/** How often each run was used: a number of 32 bits for each entry of the run tables. */
const uses = memory.data(6 * 4096 * 4, 4)

export function clearUses(): void {
  memory.fill(uses, 0, 6 * 4096 * 4)
  memory.fill(countsAt, 0, 4 * symbolTableBytes)
}

/** Counts the run at this index of a run table. Its symbols are counted later. */
export function countUse(table: usize, index: usize): void {
  const at = usesOf(table) + (index << 2)
  store<u32>(at, load<u32>(at) + 1)
}

/** The uses of a run table's entries. */
export function usesOf(table: usize): usize {
  return uses + ((table - runTableAt(0)) << 1)
}

/** Counts a DC symbol that is in no run. @param table the table of runs that start with DC */
export function countDc(table: usize, code: i32): void {
  count(countsOf(table), code & 0xff)
}

/** Counts an AC symbol that is in no run. @param table the table of runs of AC only */
export function countAc(table: usize, code: i32): void {
  count(countsOf(table - runTableBytes) + 2 * symbolTableBytes, code & 0xff)
}

/** The counts of the DC symbols for a table of runs that start with DC; those of AC are two tables further. */
function countsOf(table: usize): usize {
  return table === runTableAt(0) ? countsAt : countsAt + symbolTableBytes
}

/** Counts the symbols of all runs that were used. */
export function countSymbols(componentMask: i32): void {
  for (let component = 0; component < 3; component++) {
    if (!((componentMask >> component) & 1) || runTableOf(component) !== 2 * component) continue
    const table = runTableAt(2 * component)
    const dc = decodeTableAt(0, dcTableOf(component))
    const ac = decodeTableAt(1, acTableOf(component))
    const counts = countsOf(table)
    for (let ahead = 0; ahead < runEntries(); ahead++) {
      const index = <usize>ahead
      const start = load<u32>(usesOf(table) + (index << 2))
      if (start > 0) {
        const code = wholeSymbol(ahead, 0, dc)
        count(counts, code & 0xff, start)
        countRun(ahead, lengthOf(code), load<u8>(table + (index << 1)), ac, counts, start)
      }
      const rest = table + runTableBytes
      const times = load<u32>(usesOf(rest) + (index << 2))
      if (times > 0) countRun(ahead, 0, load<u8>(rest + (index << 1)), ac, counts, times)
    }
  }
}

/** Counts the AC symbols of a run from bit `used` on. */
function countRun(ahead: i32, used: i32, length: i32, ac: usize, counts: usize, times: u32): void {
  while (used < length) {
    const code = wholeSymbol(ahead, used, ac)
    count(counts + 2 * symbolTableBytes, code & 0xff, times)
    used += lengthOf(code)
  }
}
