import type { MinuteCount } from '../engine.ts'
import type { Decision } from './decision.ts'

/** All copies add in the same order, so that they don't deadlock. */
export function addCounts(counts: readonly MinuteCount[], forgetBefore: number): Decision<never, never> {
  const inOrder = counts.toSorted((a, b) => a.minute - b.minute || (a.name < b.name ? -1 : 1))
  const add = {
    text: `INSERT INTO minute_counts SELECT * FROM unnest($1::integer[], $2::text[], $3::bigint[])
      ON CONFLICT (minute, name) DO UPDATE SET count = minute_counts.count + excluded.count`,
    values: [
      inOrder.map(({ minute }) => minute),
      inOrder.map(({ name }) => name),
      inOrder.map(({ count }) => count),
    ],
  }
  const forget = {
    text: `DELETE FROM minute_counts WHERE (minute, name) IN (
      SELECT minute, name FROM minute_counts WHERE minute < $1 FOR UPDATE SKIP LOCKED)`,
    values: [forgetBefore],
  }
  return {
    read: { text: 'SELECT 1 WHERE false' },
    decide: () => ({ writes: [add, forget], results: [], changes: [] }),
  }
}
