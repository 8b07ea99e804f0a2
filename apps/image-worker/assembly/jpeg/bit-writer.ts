import { hasByteOfOnes } from './stuffing'

/** The position of the next byte. The lower `waiting` bits of `window`, fewer than 32, are not written yet. */
export let out: usize = 0
export let window: u64 = 0
export let waiting: i64 = 0

export function setWriter(target: usize): void {
  out = target
  window = 0
  waiting = 0
}

/** Stores the state of a loop that kept it in locals. */
export function setPending(ahead: u64, count: i64, next: usize): void {
  window = ahead
  waiting = count
  out = next
}

/** Writes a number of `count` bits, at most 32. */
export function writeBits(value: u32, count: i32): void {
  window = (window << count) | value
  waiting += count
  if (waiting < 32) return
  waiting -= 32
  out = put(out, <u32>(window >> waiting))
}

/** Writes four bytes, with a zero after each that is all ones (T.81, B.1.1.5). Returns the end. */
export function put(at: usize, word: u32): usize {
  if (!hasByteOfOnes(word)) {
    store<u32>(at, bswap(word))
    return at + 4
  }
  for (let shift = 24; shift >= 0; shift -= 8) at = putByte(at, (word >> shift) & 0xff)
  return at
}

function putByte(at: usize, byte: u32): usize {
  store<u8>(at, byte)
  if (byte !== 0xff) return at + 1
  store<u8>(at, 0, 1)
  return at + 2
}

/** Writes the last bits, padded to a byte with ones (T.81, F.1.2.3). Returns the end. */
export function finish(): usize {
  const missing = -waiting & 7
  window = (window << missing) | ((1 << missing) - 1)
  for (waiting += missing; waiting > 0; waiting -= 8)
    out = putByte(out, <u32>(window >> (waiting - 8)) & 0xff)
  return out
}

/** Writes a restart marker (T.81, E.1.4) after the last bits. */
export function writeRestart(number: i32): void {
  finish()
  store<u8>(out, 0xff)
  store<u8>(out, 0xd0 + number, 1)
  out += 2
}
