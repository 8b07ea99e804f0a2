import { type Logger, repeat, StoreUnavailable } from '@darkroom/service-kit'
import type { Database } from './database.ts'
import { describeFailure } from './failures.ts'

const foldIntervalMs = 1000
const forgetIntervalMs = 60_000

/** The rows are summed up when there are more than this. */
const maxRows = 64

/**
 * Deletes old rows until `closing`. A failure is harmless: the tables only grow. An outage of PostgreSQL is logged
 * elsewhere.
 */
export async function maintain(database: Database, logger: Logger, closing: AbortSignal): Promise<void> {
  const every = (intervalMs: number, work: (database: Database) => Promise<void>) =>
    repeat(intervalMs, closing, () =>
      work(database).catch(error => {
        const level = error instanceof StoreUnavailable ? 'debug' : 'warn'
        logger[level](describeFailure(error), 'old rows could not be deleted')
      }),
    )
  await Promise.all([every(foldIntervalMs, foldCounts), every(forgetIntervalMs, forgetCommits)])
}

/**
 * Replaces the rows of changes by their sums, except the rows of running transactions and the rows that another copy is
 * summing up.
 */
async function foldCounts(database: Database): Promise<void> {
  await database.write({
    text: `WITH folded AS (
      DELETE FROM counts WHERE (SELECT count(*) FROM counts) > ${maxRows}
        AND ctid = ANY (ARRAY (SELECT ctid FROM counts LIMIT 10000 FOR UPDATE SKIP LOCKED))
        RETURNING state, tasks
    )
    INSERT INTO counts SELECT state, sum(tasks) FROM folded GROUP BY state HAVING sum(tasks) <> 0`,
  })
}

/** Deletes the marks of old transactions: after 10 minutes, no caller still waits for their outcome. */
async function forgetCommits(database: Database): Promise<void> {
  await database.write({
    text: `DELETE FROM commits WHERE mark = ANY (ARRAY (
      SELECT mark FROM commits WHERE at < now() - interval '10 minutes' FOR UPDATE SKIP LOCKED
    ))`,
  })
}
