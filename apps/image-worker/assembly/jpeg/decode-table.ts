/** A table of codes: one entry for whatever `peekBits` bits come next, then what finds the longer codes. */
export const peekBits: i64 = 10
export const peekEntries: usize = 1024
/** For codes of 1 to 16 bits: the largest one, or -1; what is added to one to get its entry's index; the entries. */
const largest: usize = peekEntries * 2
const offsets: usize = largest + 17 * 4
const entries: usize = offsets + 17 * 4
const decodeTableBytes: usize = entries + 256 * 2
const tables: usize = memory.data(8 * (1024 * 2 + 34 * 4 + 256 * 2), 4)

/** What a DHT segment says of a table: how many codes have 1 to 16 bits (BITS), and their values (HUFFVAL). */
export const specificationAt: usize = memory.data(16 + 256)

/** Of the DC (0) or AC (1) table of this number, 0 to 3. */
export function decodeTableAt(kind: i32, number: i32): usize {
  return tables + <usize>(kind * 4 + number) * decodeTableBytes
}

/**
 * Makes a table of the specification (T.81, C.2 and F.2.2.3). An entry is the value and, times 256, the bits of its
 * code; 0 is no code, a longer one, or one of a category that eight-bit samples can't have.
 *
 * @param kind 0 for DC, 1 for AC
 * @returns whether such a table exists
 */
export function defineDecodeTable(kind: i32, number: i32): bool {
  const table = decodeTableAt(kind, number)
  memory.fill(table, 0, decodeTableBytes)
  // All of DC's value is the category; the upper half of AC's is a run of zeros.
  const mask = kind === 0 ? 0xff : 0x0f
  const most = kind === 0 ? 11 : 10
  let code = 0
  let index = 0
  for (let length = 1; length <= 16; length++) {
    const count = <i32>load<u8>(specificationAt + length - 1)
    // The code of ones alone is none (C.2).
    if (code + count >= 1 << length) return false
    store<i32>(table + offsets + (length << 2), index - code)
    store<i32>(table + largest + (length << 2), count === 0 ? -1 : code + count - 1)
    for (let left = count; left > 0; left--, code++, index++) {
      const value: i32 = load<u8>(specificationAt + 16 + index)
      const entry = (value & mask) > most ? 0 : (length << 8) | value
      store<u16>(table + entries + (index << 1), <u16>entry)
      if (length > <i32>peekBits) continue
      const shift = <i32>peekBits - length
      for (let tail = 0; tail < 1 << shift; tail++)
        store<u16>(table + (((code << shift) | tail) << 1), <u16>entry)
    }
    code <<= 1
  }
  return true
}

/** The entry of the code that the lower `count` bits begin with; `count` is at least 16. 0 if they begin with no code. */
export function entryOf(table: usize, ahead: u64, count: i64): i32 {
  const entry: i32 = load<u16>(table + ((<usize>(ahead >> (count - peekBits)) & (peekEntries - 1)) << 1))
  return entry === 0 ? longCode(table, <i32>(ahead >> (count - 16)) & 0xffff) : entry
}

/** The entry of the code with which these 16 bits begin, where it isn't found at a look. */
export function longCode(table: usize, ahead: i32): i32 {
  for (let length = 1; length <= 16; length++) {
    const code = ahead >> (16 - length)
    if (code > load<i32>(table + largest + (length << 2))) continue
    const index = load<i32>(table + offsets + (length << 2)) + code
    return load<u16>(table + entries + (index << 1))
  }
  return 0
}
