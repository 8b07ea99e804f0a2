import { codesOf, type HuffmanTable, optimalTable } from './huffman-table.ts'
import type { JpegKernel } from './jpeg-kernel.ts'
import { componentMask, type Scan, setRange } from './scan.ts'

export interface EncodedScan {
  /** With the ids that files use: 16 for AC, plus the number. */
  readonly tables: readonly (HuffmanTable & { readonly id: number })[]
  /** Entropy-coded. */
  readonly data: Uint8Array
  /** MCUs between restart markers; 0 or absent without such markers. */
  readonly interval?: number
}

/** In the order of the kernel's tables. */
const tableIds = [0x00, 0x01, 0x10, 0x11]
const symbolCount = 256

/** Encodes a scan of the coefficients in the kernel's memory, with the Huffman tables that make it smallest. */
export function encodeScan(kernel: JpegKernel, scan: Scan): EncodedScan {
  setRange(kernel, scan)
  kernel.countScan(componentMask(scan))
  const { tables, maxBytes } = setOptimalTables(kernel, scan)
  const target = kernel.allocate(maxBytes)
  const end = kernel.writeScan(componentMask(scan), target)
  const data = new Uint8Array(kernel.memory.buffer.slice(target, end))
  kernel.release(target)
  return { tables, data }
}

/**
 * Sets the codes that make the symbols smallest that the kernel has counted. Returns their tables, and the bytes that the
 * scan takes at most.
 */
export function setOptimalTables(
  kernel: JpegKernel,
  { isProgressive }: Pick<Scan, 'isProgressive'>,
): Pick<EncodedScan, 'tables'> & { maxBytes: number } {
  const numbers = (at: number) => new Uint32Array(kernel.memory.buffer, at, tableIds.length * symbolCount)
  const counts = numbers(kernel.countsAt.value)
  const codes = numbers(kernel.codesAt.value)
  let bits = isProgressive ? kernel.additionalBits.value : 0
  const tables = tableIds.flatMap((id, index) => {
    const [start, end] = [index * symbolCount, (index + 1) * symbolCount]
    const counted = counts.subarray(start, end)
    if (counted.every(count => count === 0)) return []
    const table = optimalTable(counted)
    codes.set(codesOf(table), start)
    bits += bitsOf(counted, codes.subarray(start, end), isProgressive)
    return [{ id, ...table }]
  })
  // Each byte may need a stuffed zero after it.
  return { tables, maxBytes: 2 * Math.ceil(bits / 8) + 16 }
}

/** Counts the bits of all codes, and of the extra bits after them in sequential coding. */
function bitsOf(counts: Uint32Array, codes: Uint32Array, isProgressive: boolean): number {
  return counts.reduce((sum, count, symbol) => {
    const extraBits = isProgressive ? 0 : symbol & 15
    return sum + count * (((codes[symbol] ?? 0) >>> 16) + extraBits)
  }, 0)
}
