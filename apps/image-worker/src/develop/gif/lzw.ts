const codeBits = 8
const clear = 1 << codeBits
const end = clear + 1
const mostCodes = 4096
const maxSubBlock = 255

/**
 * Compresses 8-bit pixels as a GIF stores them (GIF 89a, section 22 and appendix F): the code size, then LZW codes in
 * sub-blocks. The table of strings is cleared when it is full.
 */
export function compressIndexes(indexes: Uint8Array): Uint8Array {
  // A pixel takes at most one code of twelve bits; a clear code comes once in thousands.
  const bytes = new Uint8Array(Math.ceil(indexes.length * 1.51) + 16)
  /** Indexed by a string's code and the next pixel: the code of the longer string, or 0 if it has none yet. */
  const longer = new Uint16Array(mostCodes << codeBits)
  let length = 0
  let window = 0
  let windowBits = 0
  let bits = codeBits + 1
  let next = end + 1
  const emit = (code: number) => {
    window |= code << windowBits
    windowBits += bits
    for (; windowBits >= 8; windowBits -= 8) {
      bytes[length++] = window & 0xff
      window >>>= 8
    }
  }
  emit(clear)
  let string = indexes[0] ?? 0
  for (let at = 1; at < indexes.length; at++) {
    const pixel = indexes[at] as number
    const key = (string << codeBits) | pixel
    const known = longer[key] as number
    if (known !== 0) {
      string = known
      continue
    }
    emit(string)
    string = pixel
    // The decoder is one string behind, and widens when the next code wouldn't fit.
    if (next === 1 << bits) bits += 1
    longer[key] = next++
    if (next < mostCodes) continue
    emit(clear)
    longer.fill(0)
    bits = codeBits + 1
    next = end + 1
  }
  emit(string)
  if (next === 1 << bits) bits += 1
  emit(end)
  if (windowBits > 0) bytes[length++] = window & 0xff
  return inSubBlocks(bytes.subarray(0, length))
}

function inSubBlocks(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(codeBits)]
  for (let at = 0; at < data.length; at += maxSubBlock) {
    const part = data.subarray(at, at + maxSubBlock)
    parts.push(Uint8Array.of(part.length), part)
  }
  return Buffer.concat([...parts, Uint8Array.of(0)])
}
