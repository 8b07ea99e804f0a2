import type { Task } from '@darkroom/contracts'
import type { QueryResultRow } from 'pg'
import type { TaskChange } from '../engine.ts'
import type { Statement } from './statement.ts'

/**
 * Work for several callers, in one transaction: it locks the rows and then decides what changes. So that transactions don't
 * deadlock, they wait for locks only in the order of the ids, and before they skip rows that others have locked.
 */
export interface Decision<Row extends QueryResultRow, Result> {
  read: Statement
  decide(rows: Row[], now: Date): { writes: Statement[]; results: Result[]; changes: TaskChange[] }
}

export function stored(task: Task): TaskChange {
  return { kind: 'stored', task }
}
