import { type Count, type RingName, rings } from './count.ts'
import { sumBetween } from './ring.ts'

/** The limit of a counter, which keeps every sum exact. */
export const maxCount = Number.MAX_SAFE_INTEGER

/** The value of a grow-only counter: the sum of all nodes' counts (Shapiro et al. 2011, specification 6). */
export function sumOf(counts: Iterable<Count>): number {
  let sum = 0
  // Both sides of a partition can count up to the limit. The sum is the limit then.
  for (const { total } of counts) sum = Math.min(sum + total, maxCount)
  return sum
}

export interface Windows {
  /** The start of the first part, in milliseconds since 1970. */
  readonly from: number
  readonly bucketMs: number
  /** The amount counted in each part; the last is still running. */
  readonly counts: readonly number[]
}

/**
 * The amounts counted in the last `windowMs`, in `buckets` parts. Undefined if the rings can't provide them: the window is
 * longer than 48 hours, or a part isn't a whole number of the units in which a window of that length is kept (seconds up to
 * two minutes, minutes up to two hours, hours above). Every node counts by its own clock.
 */
export function windowsOf(
  counts: readonly Count[],
  { windowMs, buckets, now }: { windowMs: number; buckets: number; now: number },
): Windows | undefined {
  const name = ringFor(windowMs)
  if (name === undefined) return undefined
  const { unitMs } = rings[name]
  const unitsEach = windowMs / unitMs / buckets
  if (!Number.isInteger(unitsEach)) return undefined
  const end = Math.floor(now / unitMs) + 1
  const start = end - unitsEach * buckets
  const sums = Array.from({ length: buckets }, (_, bucket) => {
    const from = start + bucket * unitsEach
    return counts.reduce(
      (sum, count) => Math.min(sum + sumBetween(count[name], from, from + unitsEach), maxCount),
      0,
    )
  })
  return { from: start * unitMs, bucketMs: unitsEach * unitMs, counts: sums }
}

function ringFor(windowMs: number): RingName | undefined {
  const names = Object.keys(rings) as RingName[]
  return names.find(name => windowMs <= rings[name].size * rings[name].unitMs)
}
