import { at, endInterval, setReader, startInterval } from './bit-reader'
import { acTableOf, dcTableOf } from './components'
import { acFirst, acRefine, dcRefine, startBands } from './decode-progressive'
import { dcFirst, sequentialBlock } from './decode-sequential'
import { decodeTableAt } from './decode-table'
import {
  blockOfMember,
  blocksInMcu,
  componentOfMember,
  highBit,
  mcusAcross,
  mcusDown,
  progressive,
  resetPredictions,
  spectralStart,
  startScan,
} from './scan'

/** Where the last scan's data ended: at a marker. */
export let scanEnd: usize = 0

/**
 * Reads a scan's entropy-coded data (T.81, annexes F.2 and G.2), from its first byte on, into the coefficients that
 * `setRange` named, by the tables that `setTables` chose.
 *
 * @param componentMask the components in it, a bit each
 * @param interval MCUs between restart markers, or 0
 * @returns 0, or what is wrong
 */
export function decodeScan(from: usize, end: usize, componentMask: i32, interval: i32): i32 {
  setReader(from, end)
  startScan(componentMask)
  startBands()
  let left = interval
  let restarts = 0
  for (let y = 0; y < mcusDown; y++) {
    for (let x = 0; x < mcusAcross; x++) {
      if (interval !== 0) {
        if (left === 0) {
          const error = startInterval(restarts & 7)
          if (error) return error
          resetPredictions()
          startBands()
          restarts++
          left = interval
        }
        left--
      }
      for (let index = 0; index < blocksInMcu; index++) {
        const error = decodeBlock(blockOfMember(index, x, y), componentOfMember(index))
        if (error) return error
      }
    }
  }
  const error = endInterval()
  scanEnd = at
  return error
}

export function decodeBlock(block: usize, component: i32): i32 {
  const dc = decodeTableAt(0, dcTableOf(component))
  const ac = decodeTableAt(1, acTableOf(component))
  if (!progressive) return sequentialBlock(block, component, dc, ac)
  if (spectralStart === 0) return highBit === 0 ? dcFirst(block, component, dc) : dcRefine(block)
  return highBit === 0 ? acFirst(block, ac) : acRefine(block, ac)
}

export function endScan(at: usize): void {
  scanEnd = at
}
