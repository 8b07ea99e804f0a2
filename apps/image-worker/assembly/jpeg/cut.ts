import { at, bits, extended, nextValue, refill, setAhead, take, window } from './bit-reader'
import { finish, setWriter, writeBits } from './bit-writer'
import { acTableOf, dcTableOf } from './components'
import { endDecoding, startDecoding, startMcu } from './decode'
import { decodeTableAt, entryOf } from './decode-table'
import * as failure from './errors'
import { blocksInMcu, componentOfMember, predictionOf, setPrediction } from './scan'
import { skipBlock } from './skip'
import {
  endOfBlock,
  endsBlock,
  fits,
  lengthOf,
  makeRunTables,
  runBits,
  runEntries,
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
  target: usize,
): i32 {
  startDecoding(from, end, componentMask, interval)
  makeRunTables(componentMask, end - from)
  memory.fill(written, 0, 16)
  setWriter(target)
  for (let y = 0; y < down; y++) {
    const isRowKept = y >= top && y < bottom
    for (let x = 0; x < across; x++) {
      const error = startMcu()
      if (error) return error
      const isKept = isRowKept && x >= left && x < right
      for (let index = 0; index < blocksInMcu; index++) {
        const component = componentOfMember(index)
        const error = isKept ? copyBlock(component) : skipBlock(component)
        if (error) return error
      }
    }
  }
  cutEnd = finish()
  return endDecoding()
}

function copyBlock(component: i32): i32 {
  const category = nextValue(decodeTableAt(0, dcTableOf(component)))
  if (category < 0) return failure.unknownCode
  const dc = predictionOf(component) + extended(take(category), category)
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

/** Reads as `acBlock` does, with the same errors. */
function copyAc(component: i32): i32 {
  const runs = runTableAt(runTableOf(component)) + runTableBytes
  const codes = decodeTableAt(1, acTableOf(component))
  for (let k = 1; k < 64; ) {
    if (bits < 32) refill()
    const ahead = window
    const run: i32 = load<u16>(runs + ((<usize>(ahead >> (bits - runBits)) & (runEntries() - 1)) << 1))
    if (fits(run, k)) {
      copyBits(run & 0xff)
      if (run >= endOfBlock) break
      k += takenBy(run)
      continue
    }
    const code = entryOf(codes, ahead, bits)
    if (code === 0) return failure.unknownCode
    copyBits(lengthOf(code))
    if (endsBlock(code)) break
    k += ((code >> 4) & 15) + 1
    if ((code & 15) !== 0 && k > 64) return failure.beyondBlock
  }
  return 0
}

function copyBits(count: i32): void {
  setAhead(window, bits - count, at)
  writeBits(<u32>(window >> bits) & ((1 << count) - 1), count)
}
