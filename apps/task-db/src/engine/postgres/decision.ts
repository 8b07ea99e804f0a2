import type { Task } from '@darkroom/contracts'
import type { QueryResultRow } from 'pg'
import type { TaskChange } from '../engine.ts'
import type { Statement } from './transaction.ts'

/**
 * Work for several callers, in one transaction: it locks the rows in the order of their ids, so that transactions
 * don't deadlock, and then decides what changes.
 */
export interface Decision<Row extends QueryResultRow, Answer> {
  read: Statement
  decide(rows: Row[], now: Date): { writes: Statement[]; answers: Answer[]; changes: TaskChange[] }
}

export function stored(task: Task): TaskChange {
  return { kind: 'stored', task }
}
