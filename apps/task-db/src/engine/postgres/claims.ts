import { type Task, variantsAbility } from '@darkroom/contracts'
import type { Outcome } from '../../event-outcome.ts'
import { type ClaimEvent, transition } from '../../transitions.ts'
import { byUrgency, exchangeTurns } from '../../turns.ts'
import type { TaskChange } from '../engine.ts'
import { batchSize } from './changes.ts'
import { type Decision, stored } from './decision.ts'
import type { Statement } from './statement.ts'
import { tasksById, updateTasks } from './task-rows.ts'

/** The id of the next task, without the tasks that need an ability in `except`. */
export function nextWaiting(except: readonly string[]): Statement {
  const text = `SELECT id FROM tasks WHERE ${waitingExcept(except, '$1')} ORDER BY turn, urgency, id LIMIT 1`
  return { text, values: exceptPatterns(except), keepsPlan: true }
}

/** The next tasks, without those that need an ability in `except`; fewer if other transactions have locked the rest. */
export function claimTasks(
  claims: { worker: string; leaseMs: number }[],
  except: readonly string[],
): Decision<DueRow, Task | undefined> {
  const waiting = waitingExcept(except)
  return {
    read: {
      text: `WITH due AS MATERIALIZED (
          SELECT * FROM (
            SELECT document, id, owner FROM tasks WHERE ${waiting} ORDER BY turn, urgency, id LIMIT ${batchSize}
            FOR UPDATE SKIP LOCKED) AS waiting
          LIMIT $1)
        ${dueAndMostUrgent(waiting)}`,
      values: [claims.length, ...exceptPatterns(except)],
      keepsPlan: true,
    },
    decide(rows, now) {
      const { due, mostUrgent } = readDue(rows)
      const byOwner = Map.groupBy(due, ({ owner }) => owner)
      const exchanges = [...byOwner].map(([owner, tasks]) =>
        owner === undefined
          ? { claimed: tasks, deferred: [] }
          : exchangeTurns(tasks, mostUrgent.get(owner) ?? []),
      )
      const inTurn = exchanges.flatMap(({ claimed }) => claimed).sort(byTurn)
      const claimed = inTurn.flatMap((task, index) => {
        const claim = claims[index]
        const outcome = claim && transition(task, { type: 'claim', ...claim }, now)
        if (outcome?.kind !== 'changed') throw new Error('the claim of a waiting task was refused')
        return outcome.task
      })
      const deferred = exchanges.flatMap(exchange => exchange.deferred)
      const results = claims.map((_claim, index) => claimed[index])
      return { writes: updateTasks([...claimed, ...deferred]), results, changes: claimed.map(stored) }
    },
  }
}

/**
 * Claims the given tasks, whose turn has come. The most urgent tasks of their owners are leased in their place, but not
 * those that need an ability in `except`.
 */
export function claimGivenTasks(
  claims: { id: string; event: ClaimEvent }[],
  except: readonly string[],
): Decision<DueRow, Outcome | undefined> {
  return {
    read: {
      text: `WITH due AS MATERIALIZED (
          SELECT document, id, CASE state WHEN 'not-started' THEN owner ELSE '' END AS owner
          FROM tasks WHERE id = ANY ($1) ORDER BY id FOR UPDATE)
        ${dueAndMostUrgent(waitingExcept(except))}`,
      values: [claims.map(({ id }) => id), ...exceptPatterns(except)],
      keepsPlan: true,
    },
    decide(rows, now) {
      const { mostUrgent } = readDue(rows)
      const latest = tasksById(rows)
      const changed = new Map<string, Task>()
      const changes: TaskChange[] = []
      const results = claims.map(({ id, event }) => {
        const task = latest.get(id)
        if (!task) return undefined
        const waiting = (mostUrgent.get(task.owner) ?? []).map(({ id }) => latest.get(id)).find(isWaiting)
        const { claimed, deferred } =
          isWaiting(task) && waiting ? exchangeTurns([task], [waiting]) : { claimed: [task], deferred: [] }
        const outcome = transition(claimed[0] ?? task, event, now)
        if (outcome.kind !== 'changed') return outcome
        for (const each of [outcome.task, ...deferred]) {
          latest.set(each.id, each)
          changed.set(each.id, each)
        }
        changes.push(stored(outcome.task))
        return outcome
      })
      return { writes: updateTasks([...changed.values()]), results, changes }
    },
  }
}

function isWaiting(task: Task | undefined): task is Task {
  return task?.state === 'not-started'
}

/** A row is a task that is due, or one of the most urgent tasks of its owner, or both. */
interface DueRow {
  document: Task
  is_due: boolean
  is_urgent: boolean
}

/**
 * Reads the tasks of the table `due`, and locks and reads as many of the most urgent tasks of their owners. The documents
 * come from the locking queries, because only these see what other transactions have changed while they waited. A task that
 * began to wait meanwhile can be due, but is never among the most urgent. The inner limit is never reached, but PostgreSQL
 * uses the index only with a small constant limit; the outer limit ends the locking.
 */
function dueAndMostUrgent(waiting: string): string {
  return `, urgent AS MATERIALIZED (
      SELECT most.* FROM (SELECT owner, count(*) AS turns FROM due WHERE owner <> '' GROUP BY owner) AS owners,
        LATERAL (SELECT * FROM (
            SELECT document, id FROM tasks WHERE ${waiting} AND owner <> '' AND owner = owners.owner
            ORDER BY urgency, id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED) AS waiting
          LIMIT owners.turns) AS most)
    SELECT coalesce(due.document, urgent.document) AS document, due.id IS NOT NULL AS is_due,
      urgent.id IS NOT NULL AS is_urgent
    FROM due FULL JOIN urgent USING (id)`
}

function readDue(rows: readonly DueRow[]): { due: Task[]; mostUrgent: Map<string | undefined, Task[]> } {
  const due = rows.filter(({ is_due }) => is_due).map(({ document }) => document)
  const urgent = rows.filter(({ is_urgent }) => is_urgent).map(({ document }) => document)
  return { due: due.sort(byTurn), mostUrgent: Map.groupBy(urgent.sort(byUrgency), ({ owner }) => owner) }
}

function byTurn(one: Task, other: Task): number {
  return (one.turn ?? 0) - (other.turn ?? 0) || byUrgency(one, other)
}

/**
 * The condition for claimable tasks. `exceptPatterns(except)` is the parameter `patterns`. It reads the document as text,
 * because PostgreSQL refuses every access to the fields of a document that contains U+0000 or half of a surrogate pair, and
 * one such task would stop all claims.
 */
function waitingExcept(except: readonly string[], patterns = '$2'): string {
  return `state = 'not-started'${except.length > 0 ? ` AND document::text NOT LIKE ALL (${patterns})` : ''}`
}

/**
 * Patterns of the documents whose tasks need these abilities; within texts, quotation marks are escaped. Without
 * exceptions there is no parameter, so the usual query stays simple.
 */
function exceptPatterns(except: readonly string[]): unknown[] {
  const patterns = except.map(ability =>
    ability === variantsAbility ? '%"variants":{%' : `%"contentType":"${ability}"%`,
  )
  return except.length > 0 ? [patterns] : []
}
