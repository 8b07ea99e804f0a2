/** Tables of 256 numbers of 32 bits, for DC of luma, DC of chroma, AC of luma, AC of chroma. */
export const symbolTableBytes: usize = 1024

/** The frequency of each symbol. */
export const countsAt: usize = memory.data(4 * 1024, 4)
/** The code of each symbol plus 65 536 times the number of its bits. */
export const codesAt: usize = memory.data(4 * 1024, 4)

/** The position of a component's DC table among the counts or the codes; its AC table is two tables further. */
export function tableOf(component: i32): usize {
  return component === 0 ? 0 : symbolTableBytes
}

/** A bit for each coefficient that isn't zero. */
export function nonzero(block: usize): u64 {
  let mask: u64 = 0
  for (let quarter: usize = 0; quarter < 4; quarter++) {
    const from = block + quarter * 32
    const bytes = i8x16.narrow_i16x8_s(v128.load(from), v128.load(from, 16))
    const zeros = <u64>(<u32>i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0))))
    mask |= (zeros ^ 0xffff) << (quarter * 16)
  }
  return mask
}

/** A bit for each coefficient whose magnitude isn't zero without its lowest bits. */
export function significant(block: usize, lowBits: i32): u64 {
  let mask: u64 = 0
  for (let quarter: usize = 0; quarter < 4; quarter++) {
    const from = block + quarter * 32
    const lower = i16x8.shr_u(i16x8.abs(v128.load(from)), lowBits)
    const upper = i16x8.shr_u(i16x8.abs(v128.load(from, 16)), lowBits)
    const bytes = i8x16.narrow_i16x8_s(lower, upper)
    const zeros = <u64>(<u32>i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0))))
    mask |= (zeros ^ 0xffff) << (quarter * 16)
  }
  return mask
}

/** The number of bits of a coefficient or difference (T.81, tables F.1 and F.2: SSSS). */
export function categoryOf(value: i32): i32 {
  return 32 - clz(abs(value))
}

/** The bits of a value in its category; a negative value is written as value - 1 (T.81, F.1.2.1). */
export function bitsOf(value: i32, category: i32): u32 {
  return (value + (value >> 31)) & ((1 << category) - 1)
}

export function count(table: usize, symbol: i32, times: u32 = 1): void {
  const at = table + ((<usize>symbol) << 2)
  store<u32>(at, load<u32>(at) + times)
}
