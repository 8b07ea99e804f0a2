import type { Task } from '@darkroom/contracts'
import type { Outcome } from '../../event-outcome.ts'
import { cutLease, type TaskEvent } from '../../transitions.ts'
import type { Decision } from './decision.ts'
import { applyInOrder } from './events.ts'
import type { Statement } from './statement.ts'
import { type TaskRow, tasksById } from './task-rows.ts'

/** With this order, PostgreSQL uses the index even if its statistics are wrong. */
const expired =
  'FROM tasks WHERE lease_expires_at < coalesce($1::timestamptz, now()) ORDER BY lease_expires_at'

/**
 * Leases that end later than their duration allows. The extra second is for transactions that overlap. The duration is
 * read from the text of the document, for the reason that `waitingExcept` explains. A number that is not a duration must
 * not make the statement fail, because then no lease would expire.
 */
const tooLong = `FROM tasks WHERE lease_expires_at > coalesce($1::timestamptz, now())
    + interval '1 second' + substring(document::text FROM '"durationMs":(\\d{1,12})')::bigint * interval '1 millisecond'
  ORDER BY lease_expires_at`

/** Reads a row if a lease has expired at `now`. The default is the database's time, also below. */
export function anyExpired(now: Date | undefined): Statement {
  return { text: `SELECT 1 ${expired} LIMIT 1`, values: [now?.toISOString() ?? null] }
}

/** Reads a row if a lease is too long. */
export function anyTooLong(now: Date | undefined): Statement {
  return { text: `SELECT 1 ${tooLong} LIMIT 1`, values: [now?.toISOString() ?? null] }
}

/** Takes back the tasks whose leases have expired. */
export function expireLeases(limit: number, now: Date | undefined): Decision<TaskRow, Outcome | undefined> {
  return changeLeases(expired, limit, now, () => ({ type: 'expire' }))
}

/** Shortens the leases that are too long, because the database's clock was set back. */
export function cutLeases(limit: number, now: Date | undefined): Decision<TaskRow, Outcome | undefined> {
  return changeLeases(tooLong, limit, now, cutLease)
}

/** Applies an event to each of these tasks, except to those that other transactions have locked. */
function changeLeases(
  selected: string,
  limit: number,
  now: Date | undefined,
  eventFor: (task: Task, now: Date) => TaskEvent | undefined,
): Decision<TaskRow, Outcome | undefined> {
  return {
    read: {
      text: `SELECT document ${selected} LIMIT $2 FOR UPDATE SKIP LOCKED`,
      values: [now?.toISOString() ?? null, limit],
    },
    decide(rows, now) {
      const events = rows.flatMap(({ document }) => {
        const event = eventFor(document, now)
        return event ? [{ id: document.id, event }] : []
      })
      return applyInOrder(events, tasksById(rows), now)
    },
  }
}
