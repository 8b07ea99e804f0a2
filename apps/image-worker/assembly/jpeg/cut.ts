import { finish, setWriter, writeBits } from './bit-writer'
import { setBlockTables, tablesOfMember } from './block-tables'
import { dcTableOf } from './components'
import { copyBits } from './copy-bits'
import * as failure from './errors'
import { followAc } from './follow-ac'
import * as reader from './interval-reader'
import { blocksInMcu, componentOfMember, predictionOf, startScan } from './scan'
import { addDifference, dcDifference, skipBlock, unknown } from './skip'
import { makeRunTables, runTableBytes } from './symbol-runs'
import { bitsOf, categoryOf, codesAt } from './symbols'

/** The end of the data of the last cut. */
export let cutEnd: usize = 0

/** The last DC coefficient of each component that was written. */
const written = memory.data(4 * 4, 4)

/** No run of MCUs is open. */
const none: usize = usize.MAX_VALUE

/** The first bit of the MCUs that are copied together, or `none`. */
let runStart: usize = none

/**
 * Cuts a part out of the only scan of a sequential image: from the MCU in column `left` of row `top` to the MCU before
 * `right` and `bottom`. The codes of all other blocks are followed to make sure that they are complete.
 *
 * After a gap, DC differences change, so they are coded anew. The following MCUs are copied bit by bit.
 *
 * @param hasOwnCodes whether the codes of DC, in `codesAt`, begin with those of the file. If not, every DC is coded anew.
 * @param across the number of MCUs across the image, and `down` its rows
 * @param copy as in `followScan`
 * @param target the address of the result, which takes at most four times the bytes of the scan
 * @returns 0, or an error, as `decodeScan` does
 */
export function cutScan(
  from: usize,
  end: usize,
  componentMask: i32,
  interval: i32,
  hasOwnCodes: bool,
  across: i32,
  down: i32,
  left: i32,
  top: i32,
  right: i32,
  bottom: i32,
  copy: usize,
  target: usize,
): i32 {
  startScan(componentMask)
  makeRunTables(componentMask, end - from)
  setBlockTables()
  reader.startReading(from, end, interval, copy)
  memory.fill(written, 0, 16)
  setWriter(target)
  runStart = none
  for (let y = 0; y < down; y++) {
    const isRowKept = y >= top && y < bottom
    for (let x = 0; x < across; x++) {
      const isKept = isRowKept && x >= left && x < right
      if (!isKept || reader.isAtInterval()) endRun()
      const missing = reader.startMcu()
      if (missing) return missing
      const isCodedAnew = isKept && runStart === none
      const error = isCodedAnew ? copyMcu() : skipMcu()
      if (error) return error
      if (isCodedAnew && hasOwnCodes) runStart = reader.position()
    }
  }
  endRun()
  cutEnd = finish()
  return reader.endReading()
}

/** Writes the MCUs of the run that is open. */
function endRun(): void {
  if (runStart === none) return
  copyBits(reader.copy, runStart, reader.position())
  for (let component = 0; component < 4; component++)
    store<i32>(written + (component << 2), predictionOf(component))
  runStart = none
}

function skipMcu(): i32 {
  for (let index = 0; index < blocksInMcu; index++) {
    const error = skipBlock(componentOfMember(index), tablesOfMember(index))
    if (error) return error
  }
  return 0
}

function copyMcu(): i32 {
  for (let index = 0; index < blocksInMcu; index++) {
    const error = copyBlock(componentOfMember(index), tablesOfMember(index))
    if (error) return error
  }
  return 0
}

/** Codes DC anew, and copies the codes of AC. */
function copyBlock(component: i32, tables: usize): i32 {
  const read = dcDifference(tables)
  if (read === unknown) return reader.isPastEnd() ? failure.endsTooEarly : failure.unknownCode
  if (!addDifference(component, read)) return failure.outOfRange
  const dc = predictionOf(component)
  const last = written + (component << 2)
  const difference = dc - load<i32>(last)
  store<i32>(last, dc)
  const size = categoryOf(difference)
  const code = load<u32>(codesAt + <usize>(((dcTableOf(component) << 8) + size) << 2))
  writeBits(((code & 0xffff) << size) | bitsOf(difference, size), (code >> 16) + size)
  const start = reader.position()
  const error = followAc(1, <usize>load<u32>(tables) + runTableBytes, <usize>load<u32>(tables, 8), false)
  if (error) return error
  copyBits(reader.copy, start, reader.position())
  return 0
}
