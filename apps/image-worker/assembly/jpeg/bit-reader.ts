import { longCode, peekBits, peekEntries } from './decode-table'
import * as failure from './errors'

/** The next byte that isn't in the window yet, and the end of the file. */
export let at: usize = 0
let end: usize = 0
/** The lower `bits` bits are read ahead; the lowest `padding` of these don't belong to the file. */
export let window: u64 = 0
export let bits: i64 = 0
export let padding: i64 = 0

export function setReader(from: usize, to: usize): void {
  at = from
  end = to
  window = 0
  bits = 0
  padding = 0
}

/** Stores the state of a loop that kept it in locals. */
export function setAhead(ahead: u64, count: i64, next: usize): void {
  window = ahead
  bits = count
  at = next
}

/** Fills the window to at least 32 bits: those of the file up to the next marker, then zeros. */
export function refill(): void {
  while (bits <= 32) {
    let byte: u64 = at < end ? load<u8>(at) : 0xff
    if (byte !== 0xff) at++
    else if (at + 1 < end && load<u8>(at + 1) === 0)
      at += 2 // stuffed (T.81, B.1.1.5)
    else {
      byte = 0
      padding += 8
    }
    window = (window << 8) | byte
    bits += 8
  }
}

/** The next bits as a number; at most 16. */
export function take(count: i32): i32 {
  if (bits < 32) refill()
  bits -= count
  return <i32>(window >> bits) & ((1 << count) - 1)
}

/** The coefficient that these bits mean in this category (T.81, F.2.2.1: EXTEND). */
export function extended(raw: i32, category: i32): i32 {
  return raw < (1 << category) >> 1 ? raw - (1 << category) + 1 : raw
}

/** The value of the table's code that comes next; -1 if the next bits don't begin with a code. */
export function nextValue(table: usize): i32 {
  if (bits < 32) refill()
  let entry: i32 = load<u16>(table + ((<usize>(window >> (bits - peekBits)) & (peekEntries - 1)) << 1))
  if (entry === 0) entry = longCode(table, <i32>(window >> (bits - 16)) & 0xffff)
  if (entry === 0) return -1
  bits -= entry >> 8
  return entry & 0xff
}

/**
 * Called after the last block before a marker: only the bits that pad the last byte may be left. Returns an error or 0.
 */
export function endInterval(): i32 {
  const left = bits - padding
  if (left < 0) return failure.endsTooEarly
  const isAtMarker = at < end && load<u8>(at) === 0xff && !(at + 1 < end && load<u8>(at + 1) === 0)
  return left < 8 && isAtMarker ? 0 : failure.bytesLeft
}

/** Skips the restart marker of this number, which must be next. Returns an error or 0. */
export function startInterval(number: i32): i32 {
  const error = endInterval()
  if (error) return error
  while (at + 1 < end && load<u8>(at + 1) === 0xff) at++
  if (at + 1 >= end || load<u8>(at + 1) !== 0xd0 + number) return failure.noRestart
  setReader(at + 2, end)
  return 0
}
