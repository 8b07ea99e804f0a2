import type { NoticeClaim } from '@darkroom/contracts'
import type { Outcome } from '../../event-outcome.ts'
import type { Decision } from './decision.ts'
import { applyInOrder } from './events.ts'
import type { Statement } from './statement.ts'
import { type TaskRow, tasksById } from './task-rows.ts'

/** The statement that reads the notices that are due at `now`. The default is the database's time. */
export function dueNotices(
  { isSlow, limit, exceptHosts = [], onlyHosts }: NoticeClaim,
  now: Date | undefined,
): Statement {
  const text = `SELECT document FROM tasks
    WHERE notice_is_slow = $1 AND notice_due_at <= coalesce($2::timestamptz, now()) AND NOT (notice_host = ANY ($3))
      AND ($4::text[] IS NULL OR notice_host = ANY ($4))
    ORDER BY notice_due_at LIMIT $5`
  return { text, values: [isSlow, now?.toISOString() ?? null, exceptHosts, onlyHosts ?? null, limit] }
}

export function claimNotices(
  claim: NoticeClaim,
  now: Date | undefined,
): Decision<TaskRow, Outcome | undefined> {
  const due = dueNotices(claim, now)
  return {
    read: { ...due, text: `${due.text} FOR UPDATE SKIP LOCKED` },
    decide(rows, now) {
      const event = { type: 'claim-notice', leaseMs: claim.leaseMs } as const
      return applyInOrder(
        rows.map(({ document: { id } }) => ({ id, event })),
        tasksById(rows),
        now,
      )
    },
  }
}
