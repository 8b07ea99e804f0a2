/** No byte takes more than 14 bits; the start and end of a block and the last store take less than 512 bytes. */
export const output: usize = memory.data((128 * 1024 * 14) / 8 + 512, 16)

/** Bits that don't fill a byte yet, and their number. Hot loops keep these, and the output position, in locals. */
export let pending: u64 = 0
export let pendingBits: u32 = 0
let to: usize = 0

export function start(): void {
  continueFrom(output, 0, 0)
}

export function continueFrom(at: usize, bits: u64, count: u32): void {
  to = at
  pending = bits
  pendingBits = count
}

/** Appends at most 56 bits. */
export function putBits(bits: u64, count: u32): void {
  pending |= bits << pendingBits
  pendingBits += count
  store<u64>(to, pending)
  to += pendingBits >> 3
  pending >>= pendingBits & 0x38
  pendingBits &= 7
}

/** The position after the last whole byte. */
export function written(): usize {
  return to
}
