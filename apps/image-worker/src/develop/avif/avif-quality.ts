/**
 * For each index, the quality at which libheif makes libaom quantise with it, measured with sharp 0.35.5 (libheif 1.23,
 * libaom 3.15). It is the same for all sizes, depths and subsamplings.
 */
const measured: readonly (readonly [index: number, quality: number])[] = [
  [0, 100], [4, 99], [8, 98], [16, 95], [32, 90], [48, 85], [60, 80], [76, 75], [92, 70], [108, 65], [120, 60],
  [136, 55], [148, 50], [172, 40], [196, 30], [216, 20], [236, 10], [249, 5], [255, 1],
] // biome-ignore format: a list

/** The quality at which our encoder quantises an AVIF with this index (base_q_idx, 0 to 255). */
export function avifQuality(index: number): number {
  const above = measured.findIndex(([known]) => known >= index)
  const [from, to] = [measured[Math.max(above - 1, 0)], measured[above]]
  if (!from || !to) return 1
  const share = to[0] === from[0] ? 0 : (index - from[0]) / (to[0] - from[0])
  return Math.round(from[1] + share * (to[1] - from[1]))
}
