import type { HuffmanTable } from './huffman-table.ts'

/** The categories that differences of DC can have in eight-bit samples (T.81, table F.1). */
const categories = Array.from({ length: 12 }, (_, category) => category)
const maxCodeBits = 16

/**
 * The same table for DC, with longer codes for the categories that have none; all other codes stay. Undefined if no codes
 * of at most 16 bits are left.
 */
export function withAllCategories({ counts, symbols }: HuffmanTable): HuffmanTable | undefined {
  const missing = categories.filter(category => !symbols.includes(category))
  if (missing.length === 0) return { counts, symbols }
  const longest = counts.findLastIndex(count => count > 0) + 1
  let free = counts.subarray(0, longest).reduce((left, count) => 2 * left - count, 1)
  for (let bits = longest + 1; bits <= maxCodeBits; bits++) {
    free *= 2
    if (free <= missing.length) continue // the code of all ones stays free (T.81, C.2)
    return {
      counts: counts.with(bits - 1, missing.length),
      symbols: Uint8Array.of(...symbols, ...missing),
    }
  }
  return undefined
}
