import type { Frame } from './frame.ts'
import type { Scan } from './scan.ts'

/** The scans in which a frame is written: one, or the same as libjpeg's (jcparam.c, jpeg_simple_progression). */
export function scansOf({ components, isProgressive }: Frame): Scan[] {
  const all = components.map((_, index) => index)
  const scan = (
    indices: readonly number[],
    [spectralStart, spectralEnd]: readonly [number, number],
    [highBit, lowBit]: readonly [number, number],
  ): Scan => ({
    isProgressive,
    components: indices.map(index => ({ index, dcTable: tableOf(index), acTable: tableOf(index) })),
    spectralStart,
    spectralEnd,
    highBit,
    lowBit,
  })
  if (!isProgressive) return [scan(all, [0, 63], [0, 0])]
  const chroma = all.slice(1).reverse()
  return [
    scan(all, [0, 0], [0, 1]),
    scan([0], [1, 5], [0, 2]),
    ...chroma.map(index => scan([index], [1, 63], [0, 1])),
    scan([0], [6, 63], [0, 2]),
    scan([0], [1, 63], [2, 1]),
    scan(all, [0, 0], [1, 0]),
    ...chroma.map(index => scan([index], [1, 63], [1, 0])),
    scan([0], [1, 63], [1, 0]),
  ]
}

/** The chroma components share their Huffman tables. */
function tableOf(index: number): number {
  return Math.min(index, 1)
}
