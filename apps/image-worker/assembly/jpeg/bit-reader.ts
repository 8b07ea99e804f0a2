import * as failure from './errors'

/** The next byte that isn't in the window yet, and where the file ends. */
export let at: usize = 0
let end: usize = 0
/** The bits read ahead are the lower `bits` ones; of these the lowest `padding` are no part of the file. */
export let window: u64 = 0
export let bits: i64 = 0
let padding: i64 = 0

export function setReader(from: usize, to: usize): void {
  at = from
  end = to
  window = 0
  bits = 0
  padding = 0
}

/** What a loop that kept the state in locals leaves. */
export function setAhead(ahead: u64, count: i64, next: usize): void {
  window = ahead
  bits = count
  at = next
}

/** Has at least 32 bits in the window: those of the file up to the next marker, then zeros. */
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

/** What the bits of a coefficient of this size stand for (T.81, F.2.2.1: EXTEND). */
export function extended(raw: i32, size: i32): i32 {
  return raw < (1 << size) >> 1 ? raw - (1 << size) + 1 : raw
}

/** The next symbol of a table; -1 where no code is like the next bits. */
export function symbol(table: usize): i32 {
  if (bits < 32) refill()
  let entry: i32 = load<u16>(table + ((<usize>(window >> (bits - peekBits)) & (peekEntries - 1)) << 1))
  if (entry === 0) entry = longCode(table, <i32>(window >> (bits - 16)) & 0xffff)
  if (entry === 0) return -1
  bits -= entry >> 8
  return entry & 0xff
}

/** After the last block before a marker: nothing but the bits that fill up a byte may be left. */
export function endInterval(): i32 {
  const left = bits - padding
  if (left < 0) return failure.endsTooEarly
  const isAtMarker = at < end && load<u8>(at) === 0xff && !(at + 1 < end && load<u8>(at + 1) === 0)
  return left < 8 && isAtMarker ? failure.none : failure.bytesLeft
}

/** Goes on behind the restart marker of this number, which must be next. */
export function startInterval(number: i32): i32 {
  const error = endInterval()
  if (error) return error
  while (at + 1 < end && load<u8>(at + 1) === 0xff) at++
  if (at + 1 >= end || load<u8>(at + 1) !== 0xd0 + number) return failure.noRestart
  setReader(at + 2, end)
  return failure.none
}

/** A table of codes: one entry for whatever `peekBits` bits come next, then what finds the longer codes. */
export const peekBits: i64 = 10
export const peekEntries: usize = 1024
/** For codes of 1 to 16 bits: the largest one, or -1; and what is added to one to get its symbol's index. */
const largest: usize = peekEntries * 2
const offsets: usize = largest + 17 * 4
const symbols: usize = offsets + 17 * 4
const largestSize: usize = symbols + 256
const tableBytes: usize = largestSize + 4
const tables: usize = memory.data(8 * (1024 * 2 + 34 * 4 + 256 + 4), 4)

/** Of the DC (0) or AC (1) table of this number, 0 to 3. */
export function decodeTableAt(kind: i32, number: i32): usize {
  return tables + <usize>(kind * 4 + number) * tableBytes
}

/**
 * Makes a table of what a DHT segment says (T.81, C.2 and F.2.2.3): how many codes have 1 to 16 bits, and their
 * symbols. An entry is the symbol and, times 256, the bits of its code; 0 is no code, a longer one, or one whose
 * coefficient eight-bit samples can't have.
 *
 * @returns whether such a table exists
 */
export function defineDecodeTable(kind: i32, number: i32, counts: usize, names: usize): bool {
  const table = decodeTableAt(kind, number)
  memory.fill(table, 0, tableBytes)
  const most = kind === 0 ? 11 : 10
  store<i32>(table + largestSize, most)
  let code = 0
  let index = 0
  for (let length = 1; length <= 16; length++) {
    const count = <i32>load<u8>(counts + length - 1)
    if (code + count > 1 << length) return false
    store<i32>(table + offsets + (length << 2), index - code)
    store<i32>(table + largest + (length << 2), count === 0 ? -1 : code + count - 1)
    for (let left = count; left > 0; left--, code++, index++) {
      const name: i32 = load<u8>(names + index)
      if (kind === 0 && name > 15) return false
      store<u8>(table + symbols + index, <u8>name)
      if (length > <i32>peekBits || (name & 15) > most) continue
      const shift = <i32>peekBits - length
      for (let tail = 0; tail < 1 << shift; tail++)
        store<u16>(table + (((code << shift) | tail) << 1), <u16>((length << 8) | name))
    }
    code <<= 1
  }
  return true
}

/** The entry of the code with which these 16 bits begin, where it isn't found at a look. */
export function longCode(table: usize, ahead: i32): i32 {
  for (let length = 1; length <= 16; length++) {
    const code = ahead >> (16 - length)
    if (code > load<i32>(table + largest + (length << 2))) continue
    const name: i32 = load<u8>(table + symbols + load<i32>(table + offsets + (length << 2)) + code)
    return (name & 15) > load<i32>(table + largestSize) ? 0 : (length << 8) | name
  }
  return 0
}
