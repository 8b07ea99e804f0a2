const codeBits = 8
const clear = 1 << codeBits
const end = clear + 1
const mostCodes = 4096
const maxSubBlock = 255

/** The strings that have codes. The table has 2 MiB, but clearing it costs only as much as it holds. */
export class StringTable {
  /** Indexed by a string's code and the next pixel: the code of the longer string, or 0 if it has none yet. */
  readonly #longer = new Uint16Array(mostCodes << codeBits)
  /** Where each code is in the table. */
  readonly #places = new Uint32Array(mostCodes)
  /** The next code. */
  next = end + 1

  find(string: number, pixel: number): number {
    return this.#longer[(string << codeBits) | pixel] as number
  }

  add(string: number, pixel: number): void {
    const place = (string << codeBits) | pixel
    this.#places[this.next] = place
    this.#longer[place] = this.next++
  }

  clear(): void {
    while (this.next > end + 1) this.#longer[this.#places[--this.next] as number] = 0
  }
}

/**
 * Compresses 8-bit pixels as a GIF stores them (GIF 89a, section 22 and appendix F): the code size, then LZW codes in
 * sub-blocks. The table of strings is cleared when it is full; `strings` may be used for one frame after the other.
 */
export function compressIndexes(indexes: Uint8Array, strings: StringTable): Uint8Array {
  strings.clear()
  // A pixel takes at most one code of twelve bits; a clear code comes once in thousands.
  const bytes = new Uint8Array(Math.ceil(indexes.length * 1.51) + 16)
  let length = 0
  let window = 0
  let windowBits = 0
  let bits = codeBits + 1
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
    const known = strings.find(string, pixel)
    if (known !== 0) {
      string = known
      continue
    }
    emit(string)
    // The decoder is one string behind, and widens when the next code wouldn't fit.
    if (strings.next === 1 << bits) bits += 1
    strings.add(string, pixel)
    string = pixel
    if (strings.next < mostCodes) continue
    emit(clear)
    strings.clear()
    bits = codeBits + 1
  }
  emit(string)
  if (strings.next === 1 << bits) bits += 1
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
