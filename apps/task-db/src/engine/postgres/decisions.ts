import type { NewTask, NoticeClaim, Task } from '@darkroom/contracts'
import type { Outcome } from '../../event-outcome.ts'
import { keyIsTaken } from '../../migration-incomplete.ts'
import { beginTask, cutLease, type TaskEvent, transition } from '../../transitions.ts'
import { type Line, nextTurn } from '../../turns.ts'
import type { MinuteCount, TaskChange } from '../engine.ts'
import { isNewer } from '../is-newer.ts'
import { type Decision, stored, tasksById } from './decision.ts'
import { insertTasks, keyColumn, ownKeyOf, type TaskRow, updateTasks } from './task-rows.ts'
import type { Statement } from './transaction.ts'

export interface Creation {
  id: string
  given: NewTask
}

/** Locks no rows: a concurrent insert of the same task violates an index, and is retried. */
export function createTasks(creations: Creation[]): Decision<CreationRow, { isNew: boolean; task: Task }> {
  const ids = creations.map(({ id }) => id)
  const keys = creations.flatMap(({ given: { idempotencyKey } }) => idempotencyKey ?? [])
  const owners = new Set(creations.flatMap(({ given: { owner } }) => owner ?? []))
  return {
    read: {
      text: `SELECT document, NULL::text AS owner, NULL::integer AS head, NULL::integer AS last
        FROM tasks WHERE id = ANY ($1) UNION ALL
        SELECT document, NULL, NULL, NULL
        FROM tasks WHERE idempotency_key = ANY ($2) AND idempotency_key IS NOT NULL UNION ALL
        SELECT NULL, line.owner, ${headTurn}, ${lastTurnOf('line.owner')}
        FROM unnest($3::text[]) AS line (owner)`,
      values: [ids, keys.map(keyColumn), [...owners]],
    },
    decide(found, now) {
      const rows = found.filter((row): row is TaskRow & CreationRow => row.document !== null)
      const turns = new Turns(found)
      const known = tasksById(rows)
      const byKey = tasksByKey(rows)
      const created: Task[] = []
      const answers = creations.map(({ id, given }) => {
        const key = ownKeyOf(given)
        const other = known.get(id) ?? (key !== undefined && byKey.get(key))
        if (other) return { isNew: false, task: other }
        const task = beginTask(id, given, now, turns.next(given))
        known.set(id, task)
        if (key !== undefined) byKey.set(key, task)
        created.push(task)
        return { isNew: true, task }
      })
      return { writes: insertTasks(created), answers, changes: created.map(stored) }
    },
  }
}

export function applyEvents(
  events: { id: string; event: TaskEvent }[],
): Decision<TaskRow, Outcome | undefined> {
  const ids = events.map(({ id }) => id)
  if (!events.some(({ event }) => event.type === 'retry'))
    return { read: lockTasks(ids), decide: (rows, now) => applyInOrder(events, tasksById(rows), now) }
  return {
    read: {
      text: `SELECT document, owner, ${headTurn}, ${lastTurnOf('tasks.owner')} FROM tasks
        WHERE id = ANY ($1) ORDER BY id FOR UPDATE`,
      values: [ids],
    },
    decide: (rows, now) =>
      applyInOrder(events, tasksById(rows), now, new Turns(rows as (TaskRow & LineRow)[])),
  }
}

interface LineRow {
  owner: string | null
  head: number | null
  last: number | null
}
type CreationRow = LineRow & { document: Task | null }

const headTurn = `(SELECT turn FROM tasks AS waiting WHERE state = 'not-started'
  ORDER BY turn, urgency, id LIMIT 1) AS head`

function lastTurnOf(owner: string): string {
  return `(SELECT turn FROM tasks AS waiting WHERE state = 'not-started' AND waiting.owner <> ''
    AND waiting.owner = ${owner} ORDER BY turn DESC LIMIT 1) AS last`
}

/** Gives turns to the tasks of one transaction. Transactions at the same time may give an owner the same turn twice. */
class Turns {
  readonly #lines = new Map<string, Line>()

  constructor(rows: readonly LineRow[]) {
    for (const { owner, head, last } of rows)
      if (owner !== null) this.#lines.set(owner, { head: head ?? undefined, last: last ?? undefined })
  }

  /** Undefined for a task without an owner. */
  next({ owner }: Pick<NewTask, 'owner'>): number | undefined {
    if (owner === undefined) return undefined
    const line = this.#lines.get(owner) ?? { head: undefined, last: undefined }
    const turn = nextTurn(line)
    this.#lines.set(owner, { ...line, last: turn })
    return turn
  }
}

/** Takes back the tasks whose leases have expired at `now`. The default is the database's time. */
export function expireLeases(limit: number, now: Date | undefined): Decision<TaskRow, Outcome | undefined> {
  return {
    read: {
      text: `SELECT document FROM tasks WHERE lease_expires_at < coalesce($1::timestamptz, now())
        ORDER BY lease_expires_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
      values: [now?.toISOString() ?? null, limit],
    },
    decide(rows, now) {
      const events = rows.map(({ document: { id } }) => ({ id, event: { type: 'expire' } as const }))
      return applyInOrder(events, tasksById(rows), now)
    },
  }
}

/** The statement that reads the notices that are due at `now`. The default is the database's time. */
export function dueNotices(
  { isSlow, limit, exceptHosts = [] }: NoticeClaim,
  now: Date | undefined,
): Statement {
  const text = `SELECT document FROM tasks
    WHERE notice_is_slow = $1 AND notice_due_at <= coalesce($2::timestamptz, now()) AND NOT (notice_host = ANY ($3))
    ORDER BY notice_due_at LIMIT $4`
  return { text, values: [isSlow, now?.toISOString() ?? null, exceptHosts, limit] }
}

export function claimNotices(
  claim: NoticeClaim,
  now: Date | undefined,
): Decision<TaskRow, Outcome | undefined> {
  const { text, values } = dueNotices(claim, now)
  return {
    read: { text: `${text} FOR UPDATE SKIP LOCKED`, values },
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

/** Shortens the leases that end later than their duration allows, because the database's clock was set back. */
export function cutLeases(limit: number, now: Date | undefined): Decision<TaskRow, Outcome | undefined> {
  return {
    read: {
      text: `${selectTooLong} LIMIT $2 FOR UPDATE SKIP LOCKED`,
      values: [now?.toISOString() ?? null, limit],
    },
    decide(rows, now) {
      const events = rows.flatMap(({ document }) => {
        const event = cutLease(document, now)
        return event ? [{ id: document.id, event }] : []
      })
      return applyInOrder(events, tasksById(rows), now)
    },
  }
}

/** Selects these leases. The extra second is for transactions that overlap. */
export const selectTooLong = `SELECT document FROM tasks WHERE lease_expires_at > coalesce($1::timestamptz, now())
    + interval '1 second' + (document #>> '{lease,durationMs}')::integer * interval '1 millisecond'
  ORDER BY lease_expires_at`

/** Returns for each id whether it existed. */
export function deleteTasks(ids: string[]): Decision<{ id: string }, boolean> {
  return {
    read: { text: 'SELECT id FROM tasks WHERE id = ANY ($1) ORDER BY id FOR UPDATE', values: [ids] },
    decide(rows) {
      const known = rows.map(({ id }) => id)
      const left = new Set(known)
      return {
        writes: known.length > 0 ? [{ text: 'DELETE FROM tasks WHERE id = ANY ($1)', values: [known] }] : [],
        answers: ids.map(id => left.delete(id)),
        changes: known.map(id => ({ kind: 'deleted', id })),
      }
    },
  }
}

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
    read: { text: 'SELECT 1 WHERE false', values: [] },
    decide: () => ({ writes: [add, forget], answers: [], changes: [] }),
  }
}

/** Returns for each task whether it was stored. @throws MigrationIncomplete */
export function restoreTasks(tasks: readonly Task[]): Decision<TaskRow, boolean> {
  const keys = tasks.flatMap(({ idempotencyKey }) => idempotencyKey ?? [])
  return {
    read: {
      text: `SELECT document FROM tasks
        WHERE id = ANY ($1) OR (idempotency_key = ANY ($2) AND idempotency_key IS NOT NULL)
        ORDER BY id FOR UPDATE`,
      values: [tasks.map(({ id }) => id), keys.map(keyColumn)],
    },
    decide(rows) {
      const known = tasksById(rows)
      const byKey = tasksByKey(rows)
      const added = tasks.filter(({ id }) => !known.has(id))
      for (const task of added) {
        const key = ownKeyOf(task)
        const other = key === undefined ? undefined : byKey.get(key)
        if (other) throw keyIsTaken(task.id, other.id)
      }
      const updated = tasks.filter(task => {
        const other = known.get(task.id)
        return other !== undefined && isNewer(task, other)
      })
      const news = new Set([...added, ...updated])
      const writes = [...insertTasks(added), ...updateTasks(updated)]
      return { writes, answers: tasks.map(task => news.has(task)), changes: [] }
    },
  }
}

/** Applies several events of one task in their order. */
function applyInOrder(
  events: { id: string; event: TaskEvent }[],
  known: Map<string, Task>,
  now: Date,
  turns?: Turns,
) {
  const changed = new Map<string, Task>()
  const changes: TaskChange[] = []
  const answers = events.map(({ id, event }) => {
    const task = changed.get(id) ?? known.get(id)
    const turn = event.type === 'retry' && task ? turns?.next(task) : undefined
    const outcome = task && transition(task, turn === undefined ? event : { type: 'retry', turn }, now)
    if (outcome?.kind === 'changed') {
      changed.set(id, outcome.task)
      // A renewal keeps the version, so it is not announced.
      if (outcome.task.version !== task?.version) changes.push(stored(outcome.task))
    }
    return outcome
  })
  return { writes: updateTasks([...changed.values()]), answers, changes }
}

function lockTasks(ids: string[]): Statement {
  return { text: 'SELECT document FROM tasks WHERE id = ANY ($1) ORDER BY id FOR UPDATE', values: [ids] }
}

function tasksByKey(rows: TaskRow[]): Map<string | undefined, Task> {
  return new Map(rows.map(({ document }) => [ownKeyOf(document), document]))
}
