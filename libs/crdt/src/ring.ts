/** The amounts counted in consecutive units of time, at most as many as the ring's size. */
export interface Ring {
  /** The unit of the first count, in units since 1970. */
  readonly start: number
  readonly counts: number[]
}

/**
 * The ring after adding an amount at a unit, without the units that are now too old. After a clock was set back,
 * counting continues at its new time; if that is before everything in the ring, the ring starts again.
 */
export function addToRing(ring: Ring | undefined, unit: number, amount: number, size: number): Ring {
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

/** The sum of the units from `from` up to but not including `to`. */
export function sumBetween({ start, counts }: Ring, from: number, to: number): number {
  let sum = 0
  for (let unit = Math.max(from, start); unit < Math.min(to, start + counts.length); unit++) {
    sum += counts[unit - start] ?? 0
  }
  return sum
}
