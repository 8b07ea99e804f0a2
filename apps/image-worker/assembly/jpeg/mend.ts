import { allocate } from './allocate'
import { at, bits, padding, setReader, window } from './bit-reader'
import { blockBytes } from './components'
import { decodeBlock, endScan } from './decode'
import { startBands } from './decode-progressive'
import * as failure from './errors'
import {
  blockOfMember,
  blocksInMcu,
  componentOfMember,
  highBit,
  mcusAcross,
  mcusDown,
  progressive,
  resetPredictions,
  startScan,
} from './scan'

/** How often the last scan had stray bytes before a marker. */
export let strayRuns: i32 = 0
/** How often there were more than a few stray bytes that were not all equal. */
export let longRuns: i32 = 0
/** How often the stray bytes look like codes. */
export let codeRuns: i32 = 0
/**
 * The padding of the last bytes before the last scan's markers: the sum of 1 if some had ones, 2 if some had zeros, and
 * 4 if some fit both.
 */
export let fillings: i32 = 0

/**
 * Up to this many stray bytes are accepted even at a single place. The limit is lower before restarts of a progressive
 * scan, where codes are short.
 */
const mostFew: usize = 4
const mostFewOfProgressive: usize = 1

/** Scratch memory for a block that is decoded and dropped. */
let scratch: usize = 0

/**
 * Follows the codes of a scan as `decodeScan` does, and turns stray bytes before its markers into fill bytes (T.81,
 * B.1.1.2). Sequential blocks aren't kept, because no later scan needs them.
 *
 * @param isOnly whether no other scan follows: no decoder looks at the bytes after such a scan
 * @returns 0, or an error
 */
export function mendScan(from: usize, end: usize, componentMask: i32, interval: i32, isOnly: bool): i32 {
  setReader(from, end)
  startScan(componentMask)
  startBands()
  strayRuns = 0
  longRuns = 0
  codeRuns = 0
  fillings = 0
  scratch = allocate(blockBytes)
  let left = interval
  let restarts = 0
  for (let y = 0; y < mcusDown; y++) {
    for (let x = 0; x < mcusAcross; x++) {
      if (interval !== 0) {
        if (left === 0) {
          const marker = mendInterval(end, progressive ? mostFewOfProgressive : mostFew)
          if (marker === 0) return failure.endsTooEarly
          const code = codeOf(marker, end)
          if (load<u8>(code) !== 0xd0 + (restarts & 7)) return failure.noRestart
          setReader(code + 1, end)
          resetPredictions()
          startBands()
          restarts++
          left = interval
        }
        left--
      }
      for (let index = 0; index < blocksInMcu; index++) {
        const block = progressive ? blockOfMember(index, x, y) : scratch
        const error = decodeBlock(block, componentOfMember(index))
        // The zeros that are read after the end of the data may cause any error.
        if (error) return bits < padding ? failure.endsTooEarly : error
      }
    }
  }
  const marker = isOnly ? endOfData(end) : mendInterval(end, mostFew)
  if (marker === 0) return failure.endsTooEarly
  endScan(marker)
  return 0
}

/**
 * Called after the last block before a marker. Turns the bytes before the marker into fill bytes and returns its
 * position, or 0 if the data end too early.
 */
function mendInterval(end: usize, few: usize): usize {
  const left = bits - padding
  if (left < 0) return 0
  const bytes = left >> 3
  const filling = left & 7
  noteFilling((window >> (padding + (bytes << 3))) & (((<u64>1) << filling) - 1), filling)
  const from = goBack(at, bytes)
  const marker = nextMarker(from, end)
  if (marker === 0 || marker === from) return marker
  const isUniform = marker > from + 1 && isOf(load<u8>(from), from, marker)
  if (!isUniform && marker - from > few) longRuns++
  // Only the first pass of a scan is checked: nearly all bits can be read as a refinement.
  if (!isUniform && highBit === 0 && areCodes(from, marker)) codeRuns++
  strayRuns++
  memory.fill(from, 0xff, marker - from)
  return marker
}

/** The position of the marker after the last block; 0 if the data end too early. */
function endOfData(end: usize): usize {
  return bits < padding ? 0 : nextMarker(at, end)
}

function noteFilling(value: u64, count: i64): void {
  if (count === 0) return
  if (value === ((<u64>1) << count) - 1) fillings |= 1
  else if (value === 0) fillings |= 2
  else fillings |= 4
}

/** The position this many bytes of data before another; each FF has a zero after it. */
function goBack(from: usize, bytes: i64): usize {
  let place = from
  for (let left = bytes; left > 0; left--)
    place -= load<u8>(place - 1) === 0 && load<u8>(place - 2) === 0xff ? 2 : 1
  return place
}

/** The position of the next marker, including its fill bytes; 0 if no marker follows. */
function nextMarker(from: usize, end: usize): usize {
  for (let marker = from; marker < end; marker++) {
    if (load<u8>(marker) !== 0xff) continue
    const code = codeOf(marker, end)
    if (code >= end) return 0
    if (load<u8>(code) !== 0) return marker
    marker = code
  }
  return 0
}

/** The position of a marker's second byte. */
function codeOf(marker: usize, end: usize): usize {
  let code = marker
  while (code < end && load<u8>(code) === 0xff) code++
  return code
}

function isOf(byte: u8, from: usize, to: usize): bool {
  for (let place = from; place < to; place++) if (load<u8>(place) !== byte) return false
  return true
}

/** Whether the bits before a marker can be read as more blocks, followed by ones that pad the last byte. */
function areCodes(from: usize, marker: usize): bool {
  // Limited, because some blocks have no bits of their own (T.81, G.1.2.2).
  for (let tries = 8 * (marker - from) + 8, index = 0; tries > 0; tries--) {
    const error = decodeBlock(scratch, componentOfMember(index))
    index = index + 1 < blocksInMcu ? index + 1 : 0
    const left = bits - padding
    if ((error !== 0 && error !== failure.outOfRange) || left < 0) return false
    const ones: u64 = ((<u64>1) << left) - 1
    if (left < 8 && at === marker && ((window >> padding) & ones) === ones) return true
  }
  return false
}
