/** A table of codes: one entry for every value of the next `peekBits` bits, then the data to find longer codes. */
export const peekBits: i64 = 10
export const peekEntries: usize = 1024
/** For codes of 1 to 16 bits: the largest, or -1; the number to add to a code to get its entry's index; the entries. */
const largest: usize = peekEntries * 2
const offsets: usize = largest + 17 * 4
const entries: usize = offsets + 17 * 4
const decodeTableBytes: usize = entries + 256 * 2
const tables: usize = memory.data(8 * (1024 * 2 + 34 * 4 + 256 * 2), 4)

/** The content of a DHT segment for a table: the number of codes of 1 to 16 bits (BITS), and their values (HUFFVAL). */
export const specificationAt: usize = memory.data(16 + 256)

/** The address of the DC (0) or AC (1) table of this number, 0 to 3. */
export function decodeTableAt(kind: i32, number: i32): usize {
  return tables + <usize>(kind * 4 + number) * decodeTableBytes
}

/**
 * Builds a table from its specification (T.81, C.2 and F.2.2.3). An entry is the value plus 256 times the bits of its
 * code. 0 means an unknown code, a longer code, or a category that eight-bit samples can't have.
 *
 * @param kind 0 for DC, 1 for AC
 * @returns whether such a table is valid
 */
export function defineDecodeTable(kind: i32, number: i32): bool {
  const table = decodeTableAt(kind, number)
  memory.fill(table, 0, decodeTableBytes)
  // The whole value of DC is the category; the upper half of AC's value is a run of zeros.
  const mask = kind === 0 ? 0xff : 0x0f
  const most = kind === 0 ? 11 : 10
  let code = 0
  let index = 0
  for (let length = 1; length <= 16; length++) {
    const count = <i32>load<u8>(specificationAt + length - 1)
    // A code of all ones is not allowed (C.2).
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

/** The entry of the code at the start of the lower `count` bits (at least 16). 0 if they don't begin with a code. */
export function entryOf(table: usize, ahead: u64, count: i64): i32 {
  const entry: i32 = load<u16>(table + ((<usize>(ahead >> (count - peekBits)) & (peekEntries - 1)) << 1))
  return entry === 0 ? longCode(table, <i32>(ahead >> (count - 16)) & 0xffff) : entry
}

/** The entry of the code at the start of these 16 bits, for codes longer than `peekBits`. */
export function longCode(table: usize, ahead: i32): i32 {
  for (let length = 1; length <= 16; length++) {
    const code = ahead >> (16 - length)
    if (code > load<i32>(table + largest + (length << 2))) continue
    const index = load<i32>(table + offsets + (length << 2)) + code
    return load<u16>(table + entries + (index << 1))
  }
  return 0
}
