import { NotWellFormed } from './not-well-formed.ts'

const mostCodes = 4096
const mostCodeBits = 12

/** Reused for every frame: filled before it is read, and never across a wait. */
const pixelsOf = new Uint16Array(mostCodes)

/**
 * Follows the LZW codes of a frame (GIF 89a, appendix F) and throws NotWellFormed unless they give `pixels` pixels
 * exactly. Only the length of each code's string is kept, not its pixels, so it costs about 10 ns a byte. The code
 * that ends the data may be missing, as some encoders forget it; after it, nothing may follow. The codes start at
 * `minimumCodeBits` + 1 bits (2 to 8).
 */
export function expectGifPixels(minimumCodeBits: number, data: Uint8Array, pixels: number): void {
  const clear = 1 << minimumCodeBits
  const end = clear + 1
  pixelsOf.fill(1, 0, clear)
  let next = clear + 2
  let codeBits = minimumCodeBits + 1
  let previous = 0
  let missing = pixels
  let window = 0
  let windowBits = 0
  let at = 0
  for (;;) {
    while (windowBits < codeBits && at < data.length) {
      window |= (data[at] as number) << windowBits
      windowBits += 8
      at += 1
    }
    if (windowBits < codeBits) break
    const code = window & ((1 << codeBits) - 1)
    window >>>= codeBits
    windowBits -= codeBits
    if (code === clear) {
      next = clear + 2
      codeBits = minimumCodeBits + 1
      previous = 0
      continue
    }
    if (code === end) break
    let length = 1
    if (previous === 0) {
      if (code > clear) throw new NotWellFormed('a frame uses an LZW code before it exists')
    } else {
      if (code > next || code === mostCodes)
        throw new NotWellFormed('a frame uses an LZW code before it exists')
      length = code === next ? previous + 1 : (pixelsOf[code] as number)
      if (next < mostCodes) {
        pixelsOf[next] = previous + 1
        next += 1
        if (next === 1 << codeBits && codeBits < mostCodeBits) codeBits += 1
      }
    }
    missing -= length
    if (missing < 0) throw new NotWellFormed('a frame has more pixels than its size')
    previous = length
  }
  if (missing > 0) throw new NotWellFormed('a frame has fewer pixels than its size')
  if (at < data.length) throw new NotWellFormed('there are bytes after the pixels of a frame')
}
