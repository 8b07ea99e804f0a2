import type { NewTask, Task, TaskState, TaskStats } from '@darkroom/contracts'
import type { Outcome, TaskEvent } from '../transitions.ts'

export interface TaskQuery {
  state?: TaskState | undefined
  /** Only tasks that ended before this instant. */
  endedBefore?: Date | undefined
  limit: number
  cursor?: string | undefined
}

/** Hears of every change after it is on disk; no task when it was deleted. */
export type ChangeListener = (id: string, task: Task | undefined) => void

/**
 * Keeps tasks. Every answer to a change means that the change is on disk; each verb is atomic, and verbs on
 * one task happen one after the other.
 */
export interface TaskStore {
  /** Stores a task, unless its id or its idempotency key is taken: then answers the task that has it. */
  create(id: string, task: NewTask): Promise<{ isNew: boolean; task: Task }>
  get(id: string): Promise<Task | undefined>
  /** Newest first. */
  list(query: TaskQuery): Promise<{ tasks: Task[]; next?: string }>
  /**
   * Leases the oldest of the most urgent tasks that are not started; undefined when there is none. No two get
   * the same one.
   */
  claim(worker: string, leaseMs: number): Promise<Task | undefined>
  /** Lets an event happen to a task, by the table of transitions; undefined when there is no such task. */
  apply(id: string, event: TaskEvent): Promise<Outcome | undefined>
  /** Takes tasks back whose lease ran out; answers how many. */
  expireLeases(): Promise<number>
  /** Whether there was one. */
  delete(id: string): Promise<boolean>
  /** Those of the ids that no task has. */
  findUnknown(ids: readonly string[]): Promise<string[]>
  stats(): Promise<TaskStats>
  /** Returns what ends the listening. */
  onChange(listener: ChangeListener): () => void
  close(): Promise<void>
}
