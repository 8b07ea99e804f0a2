import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Task, variantsAbility } from '@darkroom/contracts'

export function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string) => database.prepare(sql)
  return {
    get: prepare('SELECT document FROM tasks WHERE id = ?'),
    getByKey: prepare('SELECT document FROM tasks WHERE owner = ? AND idempotency_key = ?'),
    insert: prepare('INSERT INTO tasks (id, document) VALUES (?, ?)'),
    /** Changes nothing if there is a task with this id, or with the key of the same owner. */
    insertNew: prepare('INSERT INTO tasks (id, document) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    update: prepare('UPDATE tasks SET document = ? WHERE id = ?'),
    delete: prepare('DELETE FROM tasks WHERE id = ?'),
    // Without INDEXED BY, SQLite would read all waiting tasks by their state, and sort them.
    anyWaiting: prepare("SELECT 1 FROM tasks INDEXED BY tasks_by_turn WHERE state = 'not-started' LIMIT 1"),
    next: prepare(
      `SELECT document FROM tasks INDEXED BY tasks_by_turn
       WHERE state = 'not-started' ORDER BY turn, urgency, id LIMIT 1`,
    ),
    nextExcept: prepare(
      `SELECT document FROM tasks INDEXED BY tasks_by_turn
       WHERE state = 'not-started' AND ${isWithout('?1')} ORDER BY turn, urgency, id LIMIT 1`,
    ),
    mostUrgent: prepare(
      `SELECT document FROM tasks INDEXED BY tasks_by_urgency_of_owner
       WHERE state = 'not-started' AND owner <> '' AND owner = ?1 ORDER BY urgency, id LIMIT 1`,
    ),
    mostUrgentExcept: prepare(
      `SELECT document FROM tasks INDEXED BY tasks_by_urgency_of_owner
       WHERE state = 'not-started' AND owner <> '' AND owner = ?1 AND ${isWithout('?2')} ORDER BY urgency, id LIMIT 1`,
    ),
    headTurn: prepare(
      `SELECT turn FROM tasks INDEXED BY tasks_by_turn WHERE state = 'not-started' ORDER BY turn LIMIT 1`,
    ),
    lastTurn: prepare(
      `SELECT turn FROM tasks INDEXED BY tasks_by_turn_of_owner
       WHERE state = 'not-started' AND owner <> '' AND owner = ? ORDER BY turn DESC LIMIT 1`,
    ),
    nextNotice: prepare(
      `SELECT notice_due_at FROM tasks INDEXED BY tasks_by_notice
       WHERE notice_is_slow = ? AND notice_due_at IS NOT NULL ORDER BY notice_due_at LIMIT 1`,
    ),
    oldestWaiting: prepare("SELECT document FROM tasks WHERE state = 'not-started' ORDER BY id LIMIT 1"),
    expired: prepare(
      'SELECT document FROM tasks WHERE lease_expires_at < ? ORDER BY lease_expires_at LIMIT ?',
    ),
    dueNotices: prepare(
      `SELECT document FROM tasks INDEXED BY tasks_by_notice
       WHERE notice_is_slow = ? AND notice_due_at <= ? AND notice_host NOT IN (SELECT value FROM json_each(?))
         AND (?4 IS NULL OR notice_host IN (SELECT value FROM json_each(?4)))
       ORDER BY notice_due_at LIMIT ?`,
    ),
    leased: prepare('SELECT document FROM tasks WHERE lease_expires_at IS NOT NULL'),
    unknown: prepare(
      'SELECT value AS id FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.id = value)',
    ),
    counts: prepare('SELECT state, tasks FROM counts'),
    addCount: prepare(
      'INSERT INTO minute_counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
    ),
    forgetCounts: prepare('DELETE FROM minute_counts WHERE minute < ?'),
    minuteCounts: prepare('SELECT minute, name, count FROM minute_counts WHERE minute >= ?'),
    waitingOf: prepare(
      "SELECT count(*) AS count FROM tasks WHERE owner <> '' AND owner = ? AND state = 'not-started'",
    ),
  }
}

/** The condition for tasks that need none of the abilities in a JSON list. */
function isWithout(abilities: string): string {
  const listed = `(SELECT value FROM json_each(${abilities}))`
  return `document ->> '$.original.contentType' NOT IN ${listed}
    AND (document -> '$.variants' IS NULL OR '${variantsAbility}' NOT IN ${listed})`
}

export function read(statement: StatementSync, ...parameters: string[]): Task | undefined {
  const row = statement.get(...parameters)
  return row && parse(row.document)
}

export function parse(document: unknown): Task {
  return JSON.parse(String(document)) as Task
}
