/** After a copy, a task is missing or different in the target, or it can't be stored there. */
export class MigrationIncomplete extends Error {}

/** Two tasks of one owner must not have the same key, so that an upload that is sent twice creates one task. */
export function keyIsTaken(id: string, other: string): MigrationIncomplete {
  const message = `the task ${id} has the same idempotency key as the task ${other} in the target`
  return new MigrationIncomplete(`${message}: delete one of the two`)
}
