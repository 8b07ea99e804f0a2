/** How much was counted in each of some consecutive units of time, as many as the ring's size at most. */
export interface Ring {
  /** The unit of the first count, in units since 1970. */
  readonly start: number
  readonly counts: number[]
}

/**
 * The ring with an amount added at a unit, and without what is too old for it then. A clock that was set back counts
 * where it is now; if that is before everything in the ring, the ring begins anew.
 */
export function countAt(ring: Ring | undefined, unit: number, amount: number, size: number): Ring {
  if (!ring || unit < ring.start || unit >= ring.start + ring.counts.length + size) {
    return { start: unit, counts: [amount] }
  }
  const counts = [...ring.counts]
  const at = unit - ring.start
  while (counts.length <= at) counts.push(0)
  counts[at] = (counts[at] ?? 0) + amount
  const old = Math.max(counts.length - size, 0)
  return { start: ring.start + old, counts: counts.slice(old) }
}

/** How much the ring has in the units from `from` up to, and without, `to`. */
export function sumBetween({ start, counts }: Ring, from: number, to: number): number {
  let sum = 0
  for (let unit = Math.max(from, start); unit < Math.min(to, start + counts.length); unit++) {
    sum += counts[unit - start] ?? 0
  }
  return sum
}
