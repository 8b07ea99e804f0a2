import {
  defaultUrgency,
  type NewTask,
  type NoticeClaim,
  type Task,
  variantsAbility,
} from '@darkroom/contracts'
import type { QueryResultRow } from 'pg'
import type { Outcome } from '../../event-outcome.ts'
import { keyIsTaken } from '../../migration-incomplete.ts'
import { beginTask, cutLease, type TaskEvent, transition } from '../../transitions.ts'
import { type Line, nextTurn } from '../../turns.ts'
import type { MinuteCount, TaskChange } from '../engine.ts'
import { isNewer } from '../is-newer.ts'
import { insertTasks, keyColumn, ownKeyOf, type TaskRow, updateTasks } from './task-rows.ts'
import type { Statement } from './transaction.ts'

/**
 * Work for several callers, in one transaction: it locks the rows in the order of their ids, so that transactions
 * don't deadlock, and then decides what changes.
 */
export interface Decision<Row extends QueryResultRow, Answer> {
  read: Statement
  decide(rows: Row[], now: Date): { writes: Statement[]; answers: Answer[]; changes: TaskChange[] }
}

export interface Creation {
  id: string
  given: NewTask
}

/** Locks no rows: a concurrent insert of the same task violates an index, and is retried. */
export function createTasks(creations: Creation[]): Decision<CreationRow, { isNew: boolean; task: Task }> {
  const ids = creations.map(({ id }) => id)
  const keys = creations.flatMap(({ given: { idempotencyKey } }) => idempotencyKey ?? [])
  const lines = new Map(
    creations.flatMap(({ given: { owner, urgency = defaultUrgency } }) =>
      owner === undefined ? [] : [[lineOf(owner, urgency), { owner, urgency }]],
    ),
  )
  return {
    read: {
      text: `SELECT document, NULL::text AS owner, NULL::smallint AS urgency, NULL::integer AS head, NULL::integer AS last
        FROM tasks WHERE id = ANY ($1) UNION ALL
        SELECT document, NULL, NULL, NULL, NULL
        FROM tasks WHERE idempotency_key = ANY ($2) AND idempotency_key IS NOT NULL UNION ALL
        SELECT NULL, line.owner, line.urgency, ${headOf('line')}, ${lastOf('line')}
        FROM unnest($3::text[], $4::smallint[]) AS line (owner, urgency)`,
      values: [
        ids,
        keys.map(keyColumn),
        [...lines.values()].map(({ owner }) => owner),
        [...lines.values()].map(({ urgency }) => urgency),
      ],
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

/**
 * The next tasks in the order of claims, without those that need an ability in `except`; fewer if other transactions have
 * locked the rest.
 */
export function claimTasks(
  claims: { worker: string; leaseMs: number }[],
  except: readonly string[],
): Decision<TaskRow, Task | undefined> {
  return {
    read: {
      text: `SELECT document FROM tasks WHERE ${waitingExcept(except)} ORDER BY urgency, turn, id LIMIT $1
        FOR UPDATE SKIP LOCKED`,
      values: [claims.length, ...listed(except)],
    },
    decide(rows, now) {
      const claimed = rows.flatMap(({ document }, index) => {
        const claim = claims[index]
        const outcome = claim && transition(document, { type: 'claim', ...claim }, now)
        if (outcome?.kind !== 'changed') throw new Error('a waiting task refused a claim')
        return outcome.task
      })
      const answers = claims.map((_claim, index) => claimed[index])
      return { writes: updateTasks(claimed), answers, changes: claimed.map(stored) }
    },
  }
}

/** The condition for claimable tasks. `listed(except)` is parameter 2. */
export function waitingExcept(except: readonly string[]): string {
  const isDecoded = "NOT (document #>> '{original,contentType}' = ANY ($2))"
  const isMade = `(document -> 'variants' IS NULL OR NOT '${variantsAbility}' = ANY ($2))`
  return `state = 'not-started'${except.length > 0 ? ` AND ${isDecoded} AND ${isMade}` : ''}`
}

/** Without exceptions there is no parameter, so the usual query stays simple. */
export function listed(except: readonly string[]): unknown[] {
  return except.length > 0 ? [except] : []
}

export function applyEvents(
  events: { id: string; event: TaskEvent }[],
): Decision<TaskRow, Outcome | undefined> {
  const ids = events.map(({ id }) => id)
  if (!events.some(({ event }) => event.type === 'retry'))
    return { read: lockTasks(ids), decide: (rows, now) => applyInOrder(events, tasksById(rows), now) }
  return {
    read: {
      text: `SELECT document, owner, urgency, ${headOf('tasks')}, ${lastOf('tasks')} FROM tasks
        WHERE id = ANY ($1) ORDER BY id FOR UPDATE`,
      values: [ids],
    },
    decide: (rows, now) =>
      applyInOrder(events, tasksById(rows), now, new Turns(rows as (TaskRow & LineRow)[])),
  }
}

interface LineRow {
  owner: string | null
  urgency: number | null
  head: number | null
  last: number | null
}
type CreationRow = LineRow & { document: Task | null }

function headOf(line: string): string {
  return `(SELECT turn FROM tasks AS waiting WHERE state = 'not-started' AND waiting.urgency = ${line}.urgency
    ORDER BY turn, id LIMIT 1) AS head`
}

function lastOf(line: string): string {
  return `(SELECT turn FROM tasks AS waiting WHERE state = 'not-started' AND waiting.owner <> ''
    AND waiting.owner = ${line}.owner AND waiting.urgency = ${line}.urgency ORDER BY turn DESC LIMIT 1) AS last`
}

function lineOf(owner: string, urgency: number): string {
  return `${urgency} ${owner}`
}

/** Gives turns to the tasks of one transaction. Transactions at the same time may give an owner the same turn twice. */
class Turns {
  readonly #lines = new Map<string, Line>()

  constructor(rows: readonly LineRow[]) {
    for (const { owner, urgency, head, last } of rows)
      if (owner !== null && urgency !== null)
        this.#lines.set(lineOf(owner, urgency), { head: head ?? undefined, last: last ?? undefined })
  }

  /** Undefined for a task without an owner. */
  next({ owner, urgency = defaultUrgency }: Pick<NewTask, 'owner' | 'urgency'>): number | undefined {
    if (owner === undefined) return undefined
    const key = lineOf(owner, urgency)
    const line = this.#lines.get(key) ?? { head: undefined, last: undefined }
    const turn = nextTurn(line)
    this.#lines.set(key, { ...line, last: turn })
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

function tasksById(rows: TaskRow[]): Map<string, Task> {
  return new Map(rows.map(({ document }) => [document.id, document]))
}

function tasksByKey(rows: TaskRow[]): Map<string | undefined, Task> {
  return new Map(rows.map(({ document }) => [ownKeyOf(document), document]))
}

function stored(task: Task): TaskChange {
  return { kind: 'stored', task }
}
