import { compareTexts } from './compare-texts.ts'
import { addToRing, type Ring } from './ring.ts'

/** The rings of a count: the number of units in each, and the length of a unit. */
export const rings = {
  seconds: { size: 120, unitMs: 1000 },
  minutes: { size: 120, unitMs: 60_000 },
  hours: { size: 48, unitMs: 3_600_000 },
} as const
export type RingName = keyof typeof rings

/**
 * One node's part of a counter, which only that node raises. So if two counts have different totals, the count with the
 * greater total is later. Its windows are later, too, because they change only together with the total; so they need no
 * separate merge.
 */
export type Count = { readonly total: number } & { readonly [Name in RingName]: Ring }

/** The count after adding `amount` at `now`, in milliseconds since 1970. */
export function raiseCount(known: Count | undefined, amount: number, now: number): Count {
  const ring = (name: RingName) =>
    addToRing(known?.[name], Math.floor(now / rings[name].unitMs), amount, rings[name].size)
  return {
    total: (known?.total ?? 0) + amount,
    seconds: ring('seconds'),
    minutes: ring('minutes'),
    hours: ring('hours'),
  }
}

/**
 * Below 0 if the first is older, 0 if they are the same. Windows are compared last: with the same total, they differ only
 * if the disk of a node was restored to an earlier state, and the node counted again.
 */
export function compareCounts(one: Count, other: Count): number {
  return one.total - other.total || compareTexts(countText(one), countText(other))
}

/** The same text on every node. */
export function countText({ total, seconds, minutes, hours }: Count): string {
  const ofRings = [seconds, minutes, hours].map(({ start, counts }) => [start, ...counts])
  return JSON.stringify([total, ...ofRings])
}
