/** A task isn't in the other store as it should be, or can't be: something else writes there. */
export class MigrationIncomplete extends Error {}

/** No two tasks of one owner have the same key, so that an upload sent twice is one task. */
export function keyIsTaken(id: string, other: string): MigrationIncomplete {
  const words = `the task ${id} has the idempotency key that ${other} has at the new place`
  return new MigrationIncomplete(`${words}: delete one of the two`)
}
