/** How often each symbol (0 to 255) occurs. */
type Frequencies = Uint32Array

/** The limits for codes of a baseline JPEG (ITU-T T.81, annex C). */
const maxCodeBits = 16
const symbolCount = 256

/** A Huffman table of a JPEG: the symbols in the order of their codes, and how many codes have 1 to 16 bits. */
export interface HuffmanTable {
  readonly counts: Uint8Array
  readonly symbols: Uint8Array
}

/** For each symbol: its code plus 65 536 times the number of its bits; 0 for a symbol without a code. */
export function codesOf({ counts, symbols }: HuffmanTable): Uint32Array {
  const encoder = new Uint32Array(symbolCount)
  let [code, next] = [0, 0]
  for (const [index, count] of counts.entries()) {
    for (let left = count; left > 0; left--) encoder[symbols[next++] ?? 0] = (index + 1) * 65_536 + code++
    code *= 2
  }
  return encoder
}

/**
 * The table that takes the fewest bits for these frequencies, as in T.81, K.2: merges the two rarest symbols again and
 * again, then shortens codes of more than 16 bits at the cost of others.
 */
export function optimalTable(frequencies: Frequencies): HuffmanTable {
  const bitsOf = codeBits(frequencies)
  const counts = new Array<number>(bitsOf.length + 1).fill(0)
  for (const bits of bitsOf) if (bits > 0) counts[bits] = (counts[bits] ?? 0) + 1
  shorten(counts)
  const symbols = occurring(frequencies).sort(
    (one, other) => (bitsOf[one] ?? 0) - (bitsOf[other] ?? 0) || one - other,
  )
  return { counts: new Uint8Array(counts.slice(1, maxCodeBits + 1)), symbols: new Uint8Array(symbols) }
}

/** A loop, because iterators over all symbols would be most of the garbage of a small image. */
function occurring(frequencies: Frequencies): number[] {
  const symbols: number[] = []
  for (let symbol = 0; symbol < frequencies.length; symbol++) if (frequencies[symbol]) symbols.push(symbol)
  return symbols
}

/** Symbols whose codes begin with the same bits, or a single symbol. */
type Tree = { readonly weight: number } & (
  | { readonly symbol: number }
  | { readonly halves: readonly [Tree, Tree] }
)

/**
 * The number of bits of each symbol's code, not yet limited; 0 if it doesn't occur. The last symbol reserves the code
 * of all ones, which no table may have (T.81, C.2).
 */
function codeBits(frequencies: Frequencies): number[] {
  const reserved = frequencies.length
  // Among equal weights the last comes first, so that the reserved code is the longest.
  const trees: Tree[] = [...occurring(frequencies), reserved]
    .map(symbol => ({ weight: frequencies[symbol] ?? 1, symbol }))
    .sort((one, other) => other.weight - one.weight)
  const bits = new Array<number>(reserved + 1).fill(0)
  for (;;) {
    const [rarest, second] = [trees.pop(), trees.pop()]
    if (!rarest) return bits
    if (!second) return measured(rarest, 0, bits)
    const weight = rarest.weight + second.weight
    const place = trees.findLastIndex(tree => tree.weight >= weight) + 1
    trees.splice(place, 0, { weight, halves: [second, rarest] })
  }
}

function measured(tree: Tree, depth: number, bits: number[]): number[] {
  if ('symbol' in tree) bits[tree.symbol] = depth
  else for (const half of tree.halves) measured(half, depth + 1, bits)
  return bits
}

/** T.81, figure K.3: a pair that is too long moves up one bit, and a shorter code is extended to make room. */
function shorten(counts: number[]): void {
  const add = (bits: number, change: number) => {
    counts[bits] = (counts[bits] ?? 0) + change
  }
  for (let bits = counts.length - 1; bits > maxCodeBits; bits--) {
    while ((counts[bits] ?? 0) > 0) {
      let shorter = bits - 2
      while (counts[shorter] === 0) shorter -= 1
      add(bits, -2)
      add(bits - 1, 1)
      add(shorter + 1, 2)
      add(shorter, -1)
    }
  }
  // The reserved code of all ones is the last of the longest.
  add(
    counts.findLastIndex(count => count > 0),
    -1,
  )
}
