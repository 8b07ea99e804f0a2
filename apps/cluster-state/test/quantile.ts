/** The number below which this share of the numbers lies; `NaN` without any numbers. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? Number.NaN
}
