import type { NewTask, Task } from '@darkroom/contracts'
import { keyIsTaken } from '../../migration-incomplete.ts'
import { beginTask } from '../../transitions.ts'
import { isNewer } from '../is-newer.ts'
import { type Decision, stored } from './decision.ts'
import { headTurn, type LineRow, lastTurnOf, OwnerTurns } from './owner-turns.ts'
import { insertTasks, keyColumn, ownKeyOf, type TaskRow, tasksById, updateTasks } from './task-rows.ts'

type CreationRow = LineRow & { document: Task | null }

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
      keepsPlan: true,
    },
    decide(found, now) {
      const rows = found.filter((row): row is TaskRow & CreationRow => row.document !== null)
      const turns = new OwnerTurns(found)
      const known = tasksById(rows)
      const byKey = tasksByKey(rows)
      const created: Task[] = []
      const results = creations.map(({ id, given }) => {
        const key = ownKeyOf(given)
        const other = known.get(id) ?? (key !== undefined && byKey.get(key))
        if (other) return { isNew: false, task: other }
        const task = beginTask(id, given, now, turns.next(given))
        known.set(id, task)
        if (key !== undefined) byKey.set(key, task)
        created.push(task)
        return { isNew: true, task }
      })
      return { writes: insertTasks(created), results, changes: created.map(stored) }
    },
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
      return { writes, results: tasks.map(task => news.has(task)), changes: [] }
    },
  }
}

function tasksByKey(rows: TaskRow[]): Map<string | undefined, Task> {
  return new Map(rows.map(({ document }) => [ownKeyOf(document), document]))
}
