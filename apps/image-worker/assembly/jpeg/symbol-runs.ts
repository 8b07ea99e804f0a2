import { acTableOf, dcTableOf } from './components'
import { decodeTableAt } from './decode-table'

/**
 * Tables map the next bits to the run of whole symbols, with their extra bits, in them. Bits 0 to 7 of a run are its
 * length, bits 8 to 14 the number of AC coefficients that it takes, and `endOfBlock` is set if its last symbol ends the
 * block. 0 means that the bits hold no whole symbol.
 */
export const endOfBlock: i32 = 0x8000

/** How many bits are looked up. */
export let runBits: i64 = 12

/** Larger tables pay only for a longer scan. */
function runBitsFor(bytes: usize): i64 {
  if (bytes < 16_384) return 8
  return bytes < 131_072 ? 10 : 12
}

/** How many entries the tables have. */
export function runEntries(): i32 {
  return 1 << (<i32>runBits)
}

/** The run of AC symbols after the first `used` bits, with these bits. */
function runAfter(used: i32, ahead: i32, ac: usize): i32 {
  let taken = 0
  // A block has 63 AC coefficients, so more symbols than that are an error anyway.
  while (taken < 64) {
    const code = wholeSymbol(ahead, used, ac)
    if (code === 0) break
    used += lengthOf(code)
    if (endsBlock(code)) return used | (taken << 8) | endOfBlock
    taken += coefficientsOf(code)
  }
  return used | (taken << 8)
}

/** The decode table's entry of the symbol after the first `used` bits; 0 if it isn't whole. */
export function wholeSymbol(ahead: i32, used: i32, table: usize): i32 {
  // The bits after the last are zeros, which no accepted symbol includes.
  const next = (ahead << used) & (runEntries() - 1)
  const code: i32 = load<u16>(table + ((<usize>((next << 2) >> <i32>(runBits - 8))) << 1))
  return code !== 0 && used + lengthOf(code) <= <i32>runBits ? code : 0
}

/** The bits of a symbol, with its extra bits. */
export function lengthOf(code: i32): i32 {
  return (code >> 8) + (code & 15)
}

/** Whether this AC symbol is EOB. */
export function endsBlock(code: i32): bool {
  return (code & 15) === 0 && (code & 0xf0) < 0xf0
}

/** The number of coefficients of an AC symbol other than EOB: zeros, and the coefficient after them. */
export function coefficientsOf(code: i32): i32 {
  return ((code >> 4) & 15) + 1
}

/** Whether an AC symbol leads beyond its block, if the next coefficient would be `k`. A run of zeros alone may. */
export function isBeyond(code: i32, k: i32): bool {
  return (code & 15) !== 0 && k > 64
}

/**
 * Two tables of runs for each component: those that start with a block's DC, and those of AC only. The second chroma
 * component uses the tables of the first if their codes are the same.
 */
const tables = memory.data(3 * 2 * 4096 * 2, 4)
export const runTableBytes: usize = 8192

/** The number of the first of a component's two tables. */
export function runTableOf(component: i32): i32 {
  const isShared = component === 2 && dcTableOf(1) === dcTableOf(2) && acTableOf(1) === acTableOf(2)
  return 2 * (isShared ? 1 : component)
}

export function runTableAt(number: i32): usize {
  return tables + <usize>number * runTableBytes
}

/** Builds the tables of these components, a bit each: all three, or one. `bytes` is the length of their scan, or more. */
export function makeRunTables(componentMask: i32, bytes: usize): void {
  runBits = runBitsFor(bytes)
  for (let component = 0; component < 3; component++) {
    if (!((componentMask >> component) & 1) || runTableOf(component) !== 2 * component) continue
    const dc = decodeTableAt(0, dcTableOf(component))
    const ac = decodeTableAt(1, acTableOf(component))
    for (let ahead = 0; ahead < runEntries(); ahead++) {
      const place = runTableAt(2 * component) + ((<usize>ahead) << 1)
      store<u16>(place, <u16>startOf(ahead, dc, ac))
      store<u16>(place, <u16>runAfter(0, ahead, ac), runTableBytes)
    }
  }
}

/** The run that starts with DC. It doesn't lead beyond the block. */
function startOf(ahead: i32, dc: usize, ac: usize): i32 {
  const code = wholeSymbol(ahead, 0, dc)
  if (code === 0) return 0
  const run = runAfter(lengthOf(code), ahead, ac)
  return takenBy(run) + (run >> 15) > 63 ? lengthOf(code) : run
}

/** The number of AC coefficients that a run takes. */
export function takenBy(run: i32): i32 {
  return (run >> 8) & 0x7f
}

/** Whether a run from coefficient `k` on doesn't lead beyond the block. */
export function fits(run: i32, k: i32): bool {
  return run !== 0 && k + takenBy(run) + (run >> 15) <= 64
}
