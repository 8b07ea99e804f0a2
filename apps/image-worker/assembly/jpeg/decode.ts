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

/** The end of the last scan's data, which is a marker. */
export let scanEnd: usize = 0

/**
 * Reads a scan's entropy-coded data (T.81, annexes F.2 and G.2), from its first byte on, into the coefficients that
 * `setRange` selected, with the tables that `setTables` selected.
 *
 * @param componentMask the components of the scan, a bit each
 * @param interval MCUs between restart markers, or 0
 * @returns 0, or an error
 */
export function decodeScan(from: usize, end: usize, componentMask: i32, interval: i32): i32 {
  startDecoding(from, end, componentMask, interval)
  for (let y = 0; y < mcusDown; y++) {
    for (let x = 0; x < mcusAcross; x++) {
      const error = startMcu()
      if (error) return error
      for (let index = 0; index < blocksInMcu; index++) {
        const error = decodeBlock(blockOfMember(index, x, y), componentOfMember(index))
        if (error) return error
      }
    }
  }
  return endDecoding()
}

/** MCUs between restart markers, or 0; MCUs before the next marker; the number of markers so far. */
let restartInterval: i32 = 0
let mcusLeft: i32 = 0
let restarts: i32 = 0

function startDecoding(from: usize, end: usize, componentMask: i32, interval: i32): void {
  setReader(from, end)
  startScan(componentMask)
  startBands()
  restartInterval = interval
  mcusLeft = interval
  restarts = 0
}

/** Skips a restart marker if there must be one before the next MCU. Returns an error or 0. */
export function startMcu(): i32 {
  if (restartInterval === 0) return 0
  if (mcusLeft === 0) {
    const error = startInterval(restarts & 7)
    if (error) return error
    resetPredictions()
    startBands()
    restarts++
    mcusLeft = restartInterval
  }
  mcusLeft--
  return 0
}

/** Returns an error if the data don't end at a marker, or 0. */
function endDecoding(): i32 {
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
