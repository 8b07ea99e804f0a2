import { GifReader, joinSubBlocks } from '../../permute/gif/reader.ts'

const mostCodeBits = 12

/**
 * For each of 256 colours, whether a frame uses it. The pixels of the frame begin at `at`. A colour first occurs as a code
 * of its own, never in a longer string (GIF 89a, appendix F), so the strings aren't needed.
 */
export function coloursOfFrame(gif: Uint8Array, at: number): boolean[] {
  const reader = new GifReader(gif.subarray(at))
  const clear = 1 << reader.byte()
  reader.skipSubBlocks()
  const codes = joinSubBlocks(reader.since(1))
  const used = new Array<boolean>(256).fill(false)
  const firstBits = Math.log2(clear) + 1
  let [bits, next, position] = [firstBits, clear + 1, 0]
  while (position + bits <= 8 * codes.length) {
    const from = position >> 3
    const word = (codes[from] ?? 0) | ((codes[from + 1] ?? 0) << 8) | ((codes[from + 2] ?? 0) << 16)
    const code = (word >> (position & 7)) & ((1 << bits) - 1)
    position += bits
    if (code === clear) [bits, next] = [firstBits, clear + 1]
    else if (code === clear + 1) break
    else {
      if (code < clear) used[code] = true
      // The first code after a clear code adds no string.
      next += 1
      if (next === 1 << bits && bits < mostCodeBits) bits += 1
    }
  }
  return used
}
