import type { Durations } from '@darkroom/contracts'

/** Each bucket of durations is this many times as wide as the previous bucket, so a percentile is off by at most 5 %. */
const bucketGrowth = 1.1

/** A duration is at least 0, even if the clock was set back. */
export function bucketOf(ms: number): number {
  return Math.round(Math.log(Math.max(0, ms) + 1) / Math.log(bucketGrowth))
}

function msOf(bucket: number): number {
  return Math.round(bucketGrowth ** bucket - 1)
}

export function percentilesOf(buckets: ReadonlyMap<number, number>): Durations {
  const inOrder = [...buckets].sort(([a], [b]) => a - b)
  const count = inOrder.reduce((total, [, inBucket]) => total + inBucket, 0)
  const percentile = (share: number) => {
    let below = 0
    const found = inOrder.find(([, inBucket]) => {
      below += inBucket
      return below >= share * count
    })
    return found ? msOf(found[0]) : 0
  }
  return { count, p50: percentile(0.5), p90: percentile(0.9), p99: percentile(0.99) }
}
