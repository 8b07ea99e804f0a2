import { endScan } from './decode'
import * as failure from './errors'
import { resetPredictions } from './scan'
import { unstuff, unstuffedEnd } from './unstuff'

/**
 * Reads a scan's data in intervals between restart markers, each copied by `unstuff`. The upper `count` bits of `ahead` are
 * read, and the word at `next` is not.
 */
export let ahead: u64 = 0
export let count: i64 = 0
export let next: usize = 0

/** The address of memory for the copies. */
export let copy: usize = 0
/** The end of the interval's data in the file, which is a marker, and the end of the file. */
let marker: usize = 0
let end: usize = 0
/** MCUs between restart markers, or 0; MCUs before the next marker; the number of markers so far. */
let interval: i32 = 0
let mcusLeft: i32 = 0
export let restarts: i32 = 0

/** @param memory the address of memory for a copy of the data, and `unstuffedMargin` bytes more */
export function startReading(from: usize, to: usize, mcusPerInterval: i32, memory: usize): void {
  copy = memory
  marker = from
  end = to
  interval = mcusPerInterval
  restarts = 0
  openInterval()
}

/** How many of these MCUs are in the current interval, at its start. */
export function mcusInInterval(mcus: i32): i32 {
  return interval === 0 ? mcus : min(mcus, interval)
}

/** The number of bits that were read of the current interval's copy. */
export function position(): usize {
  return ((next - copy) << 3) - <usize>count
}

/** Whether `startMcu` goes to the next interval, whose copy replaces the current copy. */
export function isAtInterval(): bool {
  return interval !== 0 && mcusLeft === 0
}

/** Goes to the next interval if it begins with this MCU. Returns an error or 0. */
export function startMcu(): i32 {
  if (interval === 0) return 0
  if (isAtInterval()) {
    const error = nextInterval()
    if (error) return error
  }
  mcusLeft--
  return 0
}

/** Skips the restart marker, which must be next. Returns an error or 0. */
export function nextInterval(): i32 {
  const error = endInterval()
  if (error) return error
  while (marker + 1 < end && load<u8>(marker + 1) === 0xff) marker++
  if (marker + 1 >= end || load<u8>(marker + 1) !== 0xd0 + (restarts & 7)) return failure.noRestart
  restarts++
  marker += 2
  resetPredictions()
  openInterval()
  return 0
}

/** Returns an error if the data don't end at a marker, or 0. */
export function endReading(): i32 {
  endScan(marker)
  return endInterval()
}

/** Reads ahead to at least 32 bits. */
export function refill(): void {
  if (count >= 32) return
  ahead |= (<u64>load<u32>(next)) << (32 - count)
  next += 4
  count += 32
}

/** Skips bits that were read ahead. */
export function skip(bits: i32): void {
  ahead <<= bits
  count -= bits
}

/** Stores the state of a loop that kept it in locals. */
export function setAhead(bits: u64, bitCount: i64, at: usize): void {
  ahead = bits
  count = bitCount
  next = at
}

/** Whether more was read than there is. Checked before each block. */
export function isPastEnd(): bool {
  return next > unstuffedEnd + 8
}

function openInterval(): void {
  marker = unstuff(marker, copy)
  setAhead(0, 0, copy)
  mcusLeft = interval
}

/** After the last block before a marker, only the bits that pad the last byte may be left. */
function endInterval(): i32 {
  const left = (<i64>unstuffedEnd - <i64>next) * 8 + count
  if (left < 0) return failure.endsTooEarly
  return left < 8 && marker < end ? 0 : failure.bytesLeft
}
