/** Whether one of a word's four bytes is all ones, after which a zero is stuffed (T.81, B.1.1.5). */
export function hasByteOfOnes(word: u32): bool {
  // A byte of zeros in the complement borrows from the bit above it, which is set nowhere else.
  return ((~word - 0x01010101) & word & 0x80808080) !== 0
}
