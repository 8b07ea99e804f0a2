import { finish, setWriter, writeBits } from './bit-writer'
import { blockTables, blockTablesBytes, setBlockTables } from './block-tables'
import { acTableOf } from './components'
import { decodeTableAt, entryOf } from './decode-table'
import * as failure from './errors'
import * as reader from './interval-reader'
import { blocksInMcu, componentOfMember, predictionOf, setPrediction, startScan } from './scan'
import { dcDifference, skipBlock, unknown } from './skip'
import {
  coefficientsOf,
  endOfBlock,
  endsBlock,
  fits,
  isBeyond,
  lengthOf,
  makeRunTables,
  runBits,
  runTableAt,
  runTableBytes,
  runTableOf,
  takenBy,
} from './symbol-runs'
import { bitsOf, categoryOf, codesAt } from './symbols'

/** The end of the data of the last cut. */
export let cutEnd: usize = 0

/** The last DC coefficient of each component that was written. */
const written = memory.data(4 * 4, 4)

/**
 * Cuts a part out of the only scan of a sequential image: from the MCU in column `left` of row `top` to the MCU before
 * `right` and `bottom`. AC codes are copied bit by bit. DC differences change, so they are coded anew, with the codes
 * of luma's DC. The codes of all other blocks are followed to make sure that they are complete.
 *
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
  for (let y = 0; y < down; y++) {
    const isRowKept = y >= top && y < bottom
    for (let x = 0; x < across; x++) {
      const error = reader.startMcu()
      if (error) return error
      const isKept = isRowKept && x >= left && x < right
      for (let index = 0; index < blocksInMcu; index++) {
        const component = componentOfMember(index)
        const tables = blockTables + <usize>index * blockTablesBytes
        const error = isKept ? copyBlock(component) : skipBlock(component, tables)
        if (error) return error
      }
    }
  }
  cutEnd = finish()
  return reader.endReading()
}

function copyBlock(component: i32): i32 {
  const read = dcDifference(component)
  if (read === unknown) return reader.isPastEnd() ? failure.endsTooEarly : failure.unknownCode
  const dc = predictionOf(component) + read
  if (dc < -1024 || dc > 1023) return failure.outOfRange
  setPrediction(component, dc)
  const last = written + (component << 2)
  const difference = dc - load<i32>(last)
  store<i32>(last, dc)
  const size = categoryOf(difference)
  const code = load<u32>(codesAt + ((<usize>size) << 2))
  writeBits(((code & 0xffff) << size) | bitsOf(difference, size), (code >> 16) + size)
  return copyAc(component)
}

/** Reads as `lowBlock` does, with the same errors. */
function copyAc(component: i32): i32 {
  const runs = runTableAt(runTableOf(component)) + runTableBytes
  const codes = decodeTableAt(1, acTableOf(component))
  for (let k = 1; k < 64; ) {
    reader.refill()
    const run: i32 = load<u16>(runs + ((<usize>(reader.ahead >> (64 - runBits))) << 1))
    if (fits(run, k)) {
      copyBits(run & 0xff)
      if (run >= endOfBlock) break
      k += takenBy(run)
      continue
    }
    const code = entryOf(codes, reader.ahead, 64)
    if (code === 0) return failure.unknownCode
    copyBits(lengthOf(code))
    if (endsBlock(code)) break
    k += coefficientsOf(code)
    if (isBeyond(code, k)) return failure.beyondBlock
  }
  return 0
}

function copyBits(bits: i32): void {
  writeBits(<u32>(reader.ahead >> (64 - bits)), bits)
  reader.skip(bits)
}
