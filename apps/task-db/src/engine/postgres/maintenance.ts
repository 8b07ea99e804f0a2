import type { Database } from './database.ts'

/** The rows are summed up when there are more than this. */
const maxRows = 64

/**
 * Replaces the rows of changes by their sums, except the rows of transactions under way and the rows that another
 * copy is summing up.
 */
export async function foldCounts(database: Database): Promise<void> {
  await database.write(
    `WITH folded AS (
      DELETE FROM counts WHERE (SELECT count(*) FROM counts) > ${maxRows}
        AND ctid = ANY (ARRAY (SELECT ctid FROM counts LIMIT 10000 FOR UPDATE SKIP LOCKED))
        RETURNING state, tasks
    )
    INSERT INTO counts SELECT state, sum(tasks) FROM folded GROUP BY state HAVING sum(tasks) <> 0`,
  )
}

/** Deletes the marks of old transactions: after 10 minutes, no caller still waits to learn their outcome. */
export async function forgetCommits(database: Database): Promise<void> {
  await database.write(
    `DELETE FROM commits WHERE mark = ANY (ARRAY (
      SELECT mark FROM commits WHERE at < now() - interval '10 minutes' FOR UPDATE SKIP LOCKED
    ))`,
  )
}
