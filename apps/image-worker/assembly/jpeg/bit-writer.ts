import { hasByteOfOnes } from './stuffing'

/** Where the next byte goes; the lower `waiting` bits of `window`, fewer than 32, aren't there yet. */
export let out: usize = 0
export let window: u64 = 0
export let waiting: i64 = 0

export function setWriter(target: usize): void {
  out = target
  window = 0
  waiting = 0
}

/** What a loop that kept the state in locals leaves. */
export function setPending(ahead: u64, count: i64, next: usize): void {
  window = ahead
  waiting = count
  out = next
}

/** The lower `count` bits, 30 at most. */
export function writeBits(value: u32, count: i32): void {
  window = (window << count) | value
  waiting += count
  if (waiting < 32) return
  waiting -= 32
  out = put(out, <u32>(window >> waiting))
}

/** Writes four bytes, a zero behind each that is all ones (T.81, B.1.1.5); gives where they end. */
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

/** The last bits, filled up with ones to a byte (T.81, F.1.2.3); gives where they end. */
export function finish(): usize {
  const missing = -waiting & 7
  window = (window << missing) | ((1 << missing) - 1)
  for (waiting += missing; waiting > 0; waiting -= 8)
    out = putByte(out, <u32>(window >> (waiting - 8)) & 0xff)
  return out
}
