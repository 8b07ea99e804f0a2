import type { Task, TaskState } from '@darkroom/contracts'
import type { TaskQuery } from '../engine.ts'
import type { Database } from './database.ts'
import type { Statement } from './statement.ts'

/** pg parses JSON columns. */
export interface TaskRow {
  document: Task
}

export function insertTasks(tasks: readonly Task[]): Statement[] {
  if (tasks.length === 0) return []
  const insert = {
    text: `INSERT INTO tasks (id, state, lease_expires_at, finished_at, document, notice_due_at, notice_is_slow, notice_host,
        turn, urgency, owner, preset, idempotency_key)
      SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::json[], $6::timestamptz[],
        $7::boolean[], $8::text[], $9::integer[], $10::smallint[], $11::text[], $12::text[],
        $13::text[])`,
    values: [
      ...changingColumns(tasks),
      tasks.map(({ urgency }) => urgency),
      tasks.map(({ owner = '' }) => owner),
      tasks.map(({ preset }) => preset ?? null),
      tasks.map(({ idempotencyKey }) => (idempotencyKey === undefined ? null : keyColumn(idempotencyKey))),
    ],
  }
  return [insert]
}

/** Urgency, owner, preset and idempotency key never change. */
export function updateTasks(tasks: readonly Task[]): Statement[] {
  if (tasks.length === 0) return []
  const update = {
    text: `UPDATE tasks SET state = new.state, lease_expires_at = new.lease_expires_at,
        finished_at = new.finished_at, document = new.document, notice_due_at = new.notice_due_at,
        notice_is_slow = new.notice_is_slow, notice_host = new.notice_host, turn = new.turn
      FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::json[], $6::timestamptz[],
          $7::boolean[], $8::text[], $9::integer[])
        AS new (id, state, lease_expires_at, finished_at, document, notice_due_at, notice_is_slow, notice_host, turn)
      WHERE tasks.id = new.id`,
    values: changingColumns(tasks),
  }
  return [update]
}

export function tasksById(rows: TaskRow[]): Map<string, Task> {
  return new Map(rows.map(({ document }) => [document.id, document]))
}

export async function findTasks(
  database: Pick<Database, 'read'>,
  ids: readonly string[],
): Promise<Map<string, Task>> {
  const text = 'SELECT document FROM tasks WHERE id = ANY ($1)'
  return tasksById(await database.read<TaskRow>({ text, values: [ids], keepsPlan: true }))
}

/** A page of a listing, newest first. */
export function selectPage({
  owner,
  state,
  preset,
  endedBefore,
  leastId,
  limit,
  cursor,
}: TaskQuery): Statement {
  const values: unknown[] = []
  const compare = (comparison: string, value: string | undefined) =>
    value ? [`${comparison} $${values.push(value)}`] : []
  const filters = [
    // PostgreSQL uses the indexes of owners only if the query has the same condition as they have.
    ...compare("owner <> '' AND owner =", owner),
    ...compare('state =', state),
    ...compare('preset =', preset),
    ...compare('finished_at <', endedBefore?.toISOString()),
    ...compare('id >=', leastId),
    ...compare('id <', cursor?.replaceAll('\0', '')), // PostgreSQL's texts can't contain it, and no id does
  ]
  const where = filters.length > 0 ? `WHERE ${filters.join(' AND ')}` : ''
  const newest = `ORDER BY id DESC LIMIT $${values.push(limit)}`
  if (!endedBefore) return { text: `SELECT document FROM tasks ${where} ${newest}`, values }
  // Otherwise PostgreSQL might read all tasks from the newest on, to find a few that ended long ago.
  const text = `WITH ended AS MATERIALIZED (SELECT id FROM tasks ${where})
    SELECT document FROM tasks JOIN (SELECT id FROM ended ${newest}) AS page USING (id) ORDER BY id DESC`
  return { text, values }
}

function changingColumns(tasks: readonly Task[]): unknown[][] {
  return [
    tasks.map(({ id }) => id),
    tasks.map(({ state }): TaskState => state),
    tasks.map(({ lease }) => lease?.expiresAt ?? null),
    tasks.map(({ finishedAt }) => finishedAt ?? null),
    tasks.map(task => JSON.stringify(task)),
    tasks.map(({ callback }) => callback?.dueAt ?? null),
    tasks.map(({ callback }) => callback?.isSlow ?? null),
    tasks.map(({ callback }) => callback?.host ?? null),
    tasks.map(({ turn = 0 }) => turn),
  ]
}

/** The key as JSON, because text in PostgreSQL can't contain every character of a key (U+0000). */
export function keyColumn(idempotencyKey: string): string {
  return JSON.stringify(idempotencyKey)
}

/** The owner and the idempotency key as one text, which is unique. */
export function ownKeyOf({
  owner = '',
  idempotencyKey,
}: Pick<Task, 'owner' | 'idempotencyKey'>): string | undefined {
  return idempotencyKey === undefined ? undefined : JSON.stringify([owner, idempotencyKey])
}
