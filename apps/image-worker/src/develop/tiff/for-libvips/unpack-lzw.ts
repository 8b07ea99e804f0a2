const clearCode = 256
const endCode = 257
const mostCodes = 4096

/**
 * Unpacks LZW as in TIFF 6.0, section 13: codes of 9 to 12 bits, the upper bits first. Ends with the code for the end,
 * with the input, or when `unpacked` is full. Returns the number of bytes that were unpacked.
 */
export function unpackLzw(packed: Uint8Array, unpacked: Uint8Array): number {
  // A code stands for the bytes of an earlier code and the next byte, at the place where the earlier code was unpacked.
  const places = new Uint32Array(mostCodes)
  const lengths = new Uint16Array(mostCodes)
  let [codes, width, previous] = [endCode + 1, 9, clearCode]
  let [bits, bitCount, end] = [0, 0, 0]
  let [from, length] = [0, 0]
  for (let at = 0; at < packed.length && end < unpacked.length; ) {
    while (bitCount < width && at < packed.length) {
      bits = ((bits << 8) | (packed[at++] ?? 0)) & 0xff_ffff
      bitCount += 8
    }
    if (bitCount < width) break
    bitCount -= width
    const code = (bits >> bitCount) & ((1 << width) - 1)
    if (code === endCode) break
    if (code === clearCode) {
      ;[codes, width, previous] = [endCode + 1, 9, clearCode]
      continue
    }
    const start = end
    if (code < clearCode) {
      unpacked[end++] = code
    } else {
      // The newest code may begin with the bytes that it is about to repeat.
      if (code > codes || (code === codes && previous === clearCode)) return start
      const [source, count] = code === codes ? [from, length + 1] : [places[code] ?? 0, lengths[code] ?? 0]
      for (let index = 0; index < count && end < unpacked.length; index++)
        unpacked[end++] = unpacked[source + index] ?? 0
    }
    if (previous !== clearCode && codes < mostCodes) {
      places[codes] = from
      lengths[codes] = length + 1
      codes++
      // One code earlier than needed, as in the first implementation.
      if (codes + 1 >= 1 << width && width < 12) width++
    }
    ;[previous, from, length] = [code, start, end - start]
  }
  return end
}
