/** The end of the data that `unstuff` copied. */
export let unstuffedEnd: usize = 0

/**
 * The bytes that the copy needs beyond its data: a reader that calls `isPastEnd` before each block reads up to 64 codes
 * more, of 27 bits with their extra bits.
 */
export const unstuffedMargin: usize = 256

/**
 * Copies entropy-coded data up to the next marker, without the zeros that are stuffed after bytes of ones (T.81, B.1.1.5).
 * Then swaps the bytes of each word of 32 bits, because WebAssembly has no instruction for this: the first bit of the data
 * becomes the highest of a word. The copy ends with zeros.
 *
 * Reads up to 16 bytes after the file, which must be ones.
 *
 * @returns the address of the marker
 */
export function unstuff(from: usize, target: usize): usize {
  let to = target
  for (;;) {
    const bytes = v128.load(from)
    v128.store(to, bytes)
    const ones = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(-1)))
    const plain: usize = ones === 0 ? 16 : ctz(ones)
    from += plain
    to += plain
    if (ones === 0) continue
    if (load<u8>(from, 1) !== 0) break
    from += 2
    to += 1
  }
  memory.fill(to, 0, unstuffedMargin - 16)
  unstuffedEnd = to
  for (let at = target; at < to + 16; at += 16) {
    const bytes = v128.load(at)
    v128.store(at, i8x16.shuffle(bytes, bytes, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12))
  }
  return from
}
