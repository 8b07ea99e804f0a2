import { acTableOf, dcTableOf } from './components'
import { decodeTableAt } from './decode-table'
import { blocksInMcu, componentOfMember } from './scan'
import { runTableAt, runTableOf } from './symbol-runs'

/** For each block in an MCU: the addresses of its run tables, and of the tables of its DC and AC codes. */
export const blockTables: usize = memory.data(10 * 3 * 4, 4)
export const blockTablesBytes: usize = 12

/** The tables of the block of this index in an MCU. */
export function tablesOfMember(index: i32): usize {
  return blockTables + <usize>index * blockTablesBytes
}

/** Finds the tables for the blocks of the scan's MCUs. */
export function setBlockTables(): void {
  for (let index = 0; index < blocksInMcu; index++) {
    const component = componentOfMember(index)
    const tables = tablesOfMember(index)
    store<u32>(tables, <u32>runTableAt(runTableOf(component)))
    store<u32>(tables, <u32>decodeTableAt(0, dcTableOf(component)), 4)
    store<u32>(tables, <u32>decodeTableAt(1, acTableOf(component)), 8)
  }
}
