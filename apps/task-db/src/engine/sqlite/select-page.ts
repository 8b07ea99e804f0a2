import type { TaskQuery } from '../engine.ts'

/** The statement for a page of a listing, newest first. */
export function selectPage({ owner, state, preset, endedBefore, leastId, limit, cursor }: TaskQuery): {
  text: string
  values: (string | number)[]
} {
  // SQLite uses the indexes of owners only if the query has the same condition as they have.
  const filters: [string, string | undefined][] = [
    ["owner <> '' AND owner =", owner],
    ['state =', state],
    ['preset =', preset],
    ['finished_at <', endedBefore?.toISOString()],
    ['id >=', leastId],
    ['id <', cursor],
  ]
  const given = filters.filter((filter): filter is [string, string] => !!filter[1])
  const where = given.map(([comparison]) => `${comparison} ?`).join(' AND ')
  // With `+`, SQLite uses the index of ends and sorts, instead of reading all tasks in their order.
  const newest = `ORDER BY ${endedBefore ? '+id' : 'id'} DESC LIMIT ?`
  return {
    text: `SELECT document FROM tasks ${where && `WHERE ${where}`} ${newest}`,
    values: [...given.map(([, value]) => value), limit],
  }
}
