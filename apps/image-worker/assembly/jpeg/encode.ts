import { finish, setWriter } from './bit-writer'
import { acrossOf, blockAt, downOf, ownAcrossOf, ownDownOf, unitAcrossOf, unitDownOf } from './components'
import {
  dcBit,
  dcDifference,
  endEmptyBlocks,
  firstOfAc,
  nextOfAc,
  startProgressive,
} from './encode-progressive'
import { countBlock, writeBlock } from './encode-sequential'
import { first, high, last, low, progressive } from './range'
import { countsAt, tableBytes } from './symbols'

const predictions = memory.data(3 * 4, 4)

/** Counts the symbols of a scan of these components, a bit each as in `decodeScan`, in the range that was set. */
export function countScan(scanned: i32): void {
  memory.fill(countsAt, 0, 4 * tableBytes)
  walk(scanned, true)
}

/** Writes the scan; gives where it ends. */
export function writeScan(scanned: i32, target: usize): usize {
  setWriter(target)
  walk(scanned, false)
  return finish()
}

function walk(scanned: i32, isCounting: bool): void {
  memory.fill(predictions, 0, 12)
  startProgressive(isCounting)
  const single = popcnt(scanned) === 1
  const leader = ctz(scanned)
  const unitsAcross = single ? ownAcrossOf(leader) : acrossOf(leader) / unitAcrossOf(leader)
  const unitsDown = single ? ownDownOf(leader) : downOf(leader) / unitDownOf(leader)
  for (let y = 0; y < unitsDown; y++) {
    for (let x = 0; x < unitsAcross; x++) {
      for (let component = leader; component < 3; component++) {
        if (!((scanned >> component) & 1)) continue
        const across = single ? 1 : unitAcrossOf(component)
        const down = single ? 1 : unitDownOf(component)
        for (let row = 0; row < down; row++) {
          for (let column = 0; column < across; column++)
            encodeBlock(blockAt(component, y * down + row, x * across + column), component, isCounting)
        }
      }
    }
  }
  if (progressive) endEmptyBlocks()
}

function encodeBlock(block: usize, component: i32, isCounting: bool): void {
  if (first > 0) {
    if (high === 0) firstOfAc(block, component, first, last, low)
    else nextOfAc(block, component, first, last, low)
  } else if (high > 0) dcBit(block, low)
  else {
    const prediction = predictions + (component << 2)
    const dc = <i32>load<i16>(block) >> low
    const difference = dc - load<i32>(prediction)
    store<i32>(prediction, dc)
    if (progressive) dcDifference(component, difference)
    else if (isCounting) countBlock(block, component, difference)
    else writeBlock(block, component, difference)
  }
}
