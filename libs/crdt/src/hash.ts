/** Hashes are whole numbers below this, so that two of them can be added exactly. */
export const hashRange = 2 ** 52

/**
 * A hash of a text, to find differences. Two different texts have the same hash once in 2^52 pairs. It doesn't protect
 * against texts made to collide. Two rounds of MurmurHash2's mixing, as in cyrb53 (bryc, public domain).
 */
export function hash(text: string): number {
  let first = 0xdeadbeef
  let second = 0x41c6ce57
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    first = Math.imul(first ^ unit, 2_654_435_761)
    second = Math.imul(second ^ unit, 1_597_334_677)
  }
  first =
    Math.imul(first ^ (first >>> 16), 2_246_822_507) ^ Math.imul(second ^ (second >>> 13), 3_266_489_909)
  second =
    Math.imul(second ^ (second >>> 16), 2_246_822_507) ^ Math.imul(first ^ (first >>> 13), 3_266_489_909)
  return 2 ** 32 * (second & 0xfffff) + (first >>> 0)
}
