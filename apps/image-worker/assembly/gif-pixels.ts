const mostCodes: u32 = 4096
const mostCodeBits: u32 = 12

/** The number of pixels of each code's string, with one more place for when the table is full: a u16 each. */
const pixelsOf: usize = memory.data(2 * (4096 + 1), 2)

/** The end of the previous data, so that a code that begins there is contiguous. */
const carriedBytes: u32 = 2

/** Room for this many bytes of whole sub-blocks. Codes are read as four bytes, which may go past the end. */
export const capacity: i32 = 64 * 1024
const start: usize = memory.data(2 + 64 * 1024 + 4, 2)
export const data: usize = start + carriedBytes

/** Errors that `follow` returns instead of pixels. */
export const unknownCode: i32 = -1
export const trailingBytes: i32 = -2

let firstBits: u32 = 0
let codeBits: u32 = 0
let nextCode: u32 = 0
let previousPixels: i32 = 0
/** The position of the next code, in bits from `start`. */
let position: u32 = 0
let hasEnded: bool = false

/** Begins a frame whose colours have codes of `colorBits` bits. */
export function begin(colorBits: u32): void {
  const clear: u32 = 1 << colorBits
  for (let code: u32 = 0; code < clear; code += 1) store<u16>(pixelsOf + 2 * code, 1)
  store<u16>(pixelsOf + 2 * clear, 0)
  firstBits = codeBits = colorBits + 1
  nextCode = clear + 1
  previousPixels = -1
  position = 8 * carriedBytes
  hasEnded = false
}

/**
 * Follows the codes in the first `length` bytes of the data, which are whole sub-blocks. Returns the sum of their
 * pixels. Each code adds a string to the table: the previous string and one pixel, which the code itself may already
 * use. If there is no previous string (-1 pixels), the new string is stored at the end code, whose 0 pixels are right.
 */
export function follow(length: u32): i32 {
  if (hasEnded) return trailingBytes
  const clear: u32 = 1 << (firstBits - 1)
  let bits = codeBits
  let mask: u32 = (1 << bits) - 1
  let next = nextCode
  let last = previousPixels
  let at = position
  let pixels: i32 = 0
  let block = data
  const end = data + length
  while (block < end) {
    // The rest of the previous sub-block moves over the length byte of this sub-block, and so directly before its data.
    const blockBytes: usize = load<u8>(block)
    store<u16>(block - 1, load<u16>(block - 2))
    at += 8
    block += 1 + blockBytes
    const blockEnd = ((block - start) << 3) as u32
    while (at + bits <= blockEnd) {
      const code = (load<u32>(start + (at >> 3)) >> (at & 7)) & mask
      at += bits
      store<u16>(pixelsOf + 2 * next, last + 1)
      if (code > next) return unknownCode
      last = load<u16>(pixelsOf + 2 * code)
      if (last === 0) {
        if (code !== clear) {
          hasEnded = true
          return block === end && blockEnd - at < 8 ? pixels : trailingBytes
        }
        bits = firstBits
        mask = (1 << bits) - 1
        next = clear + 1
        last = -1
        continue
      }
      pixels += last
      next += (next < mostCodes) as u32
      if (next > mask && bits < mostCodeBits) {
        bits += 1
        mask = 2 * mask + 1
      }
    }
  }
  // Only the end of the remaining bits, at most two bytes, is carried over: position counts from there.
  store<u16>(start, load<u16>(end - carriedBytes))
  position = at - 8 * length
  codeBits = bits
  nextCode = next
  previousPixels = last
  return pixels
}
