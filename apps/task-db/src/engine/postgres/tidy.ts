import type { Database } from './database.ts'

/** So many rows are summed up in no time. */
const enough = 64

/**
 * Replaces the rows that say what changed by their sums, but for those of transactions under way, and those that
 * another copy folds just now.
 */
export async function foldCounts(database: Database): Promise<void> {
  await database.write(
    `WITH folded AS (
      DELETE FROM counts WHERE (SELECT count(*) FROM counts) > ${enough}
        AND ctid = ANY (ARRAY (SELECT ctid FROM counts LIMIT 10000 FOR UPDATE SKIP LOCKED))
        RETURNING state, tasks
    )
    INSERT INTO counts SELECT state, sum(tasks) FROM folded GROUP BY state HAVING sum(tasks) <> 0`,
  )
}

/** Nobody asks after a transaction any more when the patience of its callers has long ended. */
export async function forgetCommits(database: Database): Promise<void> {
  await database.write(
    `DELETE FROM commits WHERE mark = ANY (ARRAY (
      SELECT mark FROM commits WHERE at < now() - interval '10 minutes' FOR UPDATE SKIP LOCKED
    ))`,
  )
}
