import { finish, setWriter } from './bit-writer'
import { acFirst, acRefine, dcFirst, dcRefine, endBand, startProgressive } from './encode-progressive'
import { countBlock, writeBlock } from './encode-sequential'
import {
  blockOfMember,
  blocksInMcu,
  componentOfMember,
  highBit,
  lowBit,
  mcusAcross,
  mcusDown,
  predictionOf,
  progressive,
  setPrediction,
  spectralStart,
  startScan,
} from './scan'
import { countsAt, symbolTableBytes } from './symbols'

/** Counts the symbols of a scan of these components, a bit each, in the range that `setRange` selected. */
export function countScan(componentMask: i32): void {
  memory.fill(countsAt, 0, 4 * symbolTableBytes)
  walk(componentMask, true)
}

/** Writes the scan with the codes that were set. Returns its end. */
export function writeScan(componentMask: i32, target: usize): usize {
  setWriter(target)
  walk(componentMask, false)
  return finish()
}

function walk(componentMask: i32, isCounting: bool): void {
  startScan(componentMask)
  startProgressive(isCounting)
  for (let y = 0; y < mcusDown; y++) {
    for (let x = 0; x < mcusAcross; x++) {
      for (let index = 0; index < blocksInMcu; index++)
        encodeBlock(blockOfMember(index, x, y), componentOfMember(index), isCounting)
    }
  }
  endBand()
}

function encodeBlock(block: usize, component: i32, isCounting: bool): void {
  if (spectralStart > 0) {
    if (highBit === 0) acFirst(block, component)
    else acRefine(block, component)
  } else if (highBit > 0) dcRefine(block)
  else {
    const dc = <i32>load<i16>(block) >> lowBit
    const difference = dc - predictionOf(component)
    setPrediction(component, dc)
    if (progressive) dcFirst(component, difference)
    else if (isCounting) countBlock(block, component, difference)
    else writeBlock(block, component, difference)
  }
}
