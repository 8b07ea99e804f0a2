const mostCodes: u32 = 4096
const mostCodeBits: u32 = 12

/** How many pixels each code stands for, and a place for the one that the table has no room for: a u16 each. */
const pixelsOf: usize = memory.data(2 * (4096 + 1), 2)

/** The end of the data before, so that a code of which a part lies there lies in one piece. */
const carriedBytes: u32 = 2

/** Room for so many bytes of whole sub-blocks; codes are read as four bytes, which may reach beyond. */
export const capacity: i32 = 64 * 1024
const start: usize = memory.data(2 + 64 * 1024 + 4, 2)
export const data: usize = start + carriedBytes

/** What `follow` gives instead of pixels. */
export const unknownCode: i32 = -1
export const trailingBytes: i32 = -2

let firstBits: u32 = 0
let codeBits: u32 = 0
let nextCode: u32 = 0
let previousPixels: i32 = 0
/** Where the next code starts, in bits from `start`. */
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
 * Follows the codes in the first `length` bytes of the data, whole sub-blocks; gives the sum of their pixels. With
 * each code a string enters the table: the one before and one pixel more, which the code may stand for already.
 * Where there is none before (-1 pixels), the place is that of the end code, which so gets the 0 pixels it has.
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
    // What is left of the sub-block before moves over the length of this one, and so lies right before its data.
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
  // Of what is left, two bytes at most, only the end is carried over: position counts from there.
  store<u16>(start, load<u16>(end - carriedBytes))
  position = at - 8 * length
  codeBits = bits
  nextCode = next
  previousPixels = last
  return pixels
}
