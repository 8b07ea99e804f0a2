import type { Task } from '@darkroom/contracts'
import type { Outcome } from '../../event-outcome.ts'
import { type TaskEvent, transition } from '../../transitions.ts'
import type { TaskChange } from '../engine.ts'
import { type Decision, stored } from './decision.ts'
import { headTurn, type LineRow, lastTurnOf, OwnerTurns } from './owner-turns.ts'
import type { Statement } from './statement.ts'
import { type TaskRow, tasksById, updateTasks } from './task-rows.ts'

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
      applyInOrder(events, tasksById(rows), now, new OwnerTurns(rows as (TaskRow & LineRow)[])),
  }
}

/** Returns for each id whether it existed. */
export function deleteTasks(ids: string[]): Decision<{ id: string }, boolean> {
  return {
    read: {
      text: 'SELECT id FROM tasks WHERE id = ANY ($1) ORDER BY id FOR UPDATE',
      values: [ids],
      keepsPlan: true,
    },
    decide(rows) {
      const known = rows.map(({ id }) => id)
      const left = new Set(known)
      return {
        writes: known.length > 0 ? [{ text: 'DELETE FROM tasks WHERE id = ANY ($1)', values: [known] }] : [],
        results: ids.map(id => left.delete(id)),
        changes: known.map(id => ({ kind: 'deleted', id })),
      }
    },
  }
}

/** Applies several events of one task in their order. */
export function applyInOrder(
  events: { id: string; event: TaskEvent }[],
  known: Map<string, Task>,
  now: Date,
  turns?: OwnerTurns,
) {
  const changed = new Map<string, Task>()
  const changes: TaskChange[] = []
  const results = events.map(({ id, event }) => {
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
  return { writes: updateTasks([...changed.values()]), results, changes }
}

function lockTasks(ids: string[]): Statement {
  return {
    text: 'SELECT document FROM tasks WHERE id = ANY ($1) ORDER BY id FOR UPDATE',
    values: [ids],
    keepsPlan: true,
  }
}
