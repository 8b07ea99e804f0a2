import type { NewTask, Task, TaskState, TaskStats } from '@darkroom/contracts'
import type { Outcome, TaskEvent } from '../transitions.ts'

export interface TaskQuery {
  owner?: string | undefined
  state?: TaskState | undefined
  /** Only tasks that ended before this instant. */
  endedBefore?: Date | undefined
  limit: number
  cursor?: string | undefined
}

export type TaskChange =
  | { kind: 'stored'; task: Task }
  | { kind: 'deleted'; id: string }
  /** Changes of other copies of the service may have gone unheard: whoever waits for one looks again. */
  | { kind: 'unknown' }

/**
 * Hears of every change of a task's version after it is on disk: of those through this store, each; of those
 * through other copies, the latest.
 */
export type ChangeListener = (change: TaskChange) => void

/**
 * Keeps tasks. Every answer to a change means that the change is on disk; each verb is atomic, and verbs on
 * one task happen one after the other.
 */
export interface TaskStore {
  /**
   * Stores a task, unless its id is taken, or its idempotency key among the tasks of its owner: then answers the task
   * that has it.
   */
  create(id: string, task: NewTask): Promise<{ isNew: boolean; task: Task }>
  get(id: string): Promise<Task | undefined>
  /** Newest first. */
  list(query: TaskQuery): Promise<{ tasks: Task[]; next?: string }>
  /**
   * Leases the oldest of the most urgent tasks that are not started; undefined when there is none. No two get
   * the same one. Tasks whose original is of an optional type that isn't in `decodes` are passed over; with no
   * `decodes`, none is.
   */
  claim(worker: string, leaseMs: number, decodes?: readonly string[]): Promise<Task | undefined>
  /** Lets an event happen to a task, by the table of transitions; undefined when there is no such task. */
  apply(id: string, event: TaskEvent): Promise<Outcome | undefined>
  /**
   * Stores tasks as they are, with all their history: those that aren't there, and those that are there with an
   * older version. Answers how many that were. It is no change that anybody hears of.
   *
   * @throws MigrationIncomplete if another task of its owner has the idempotency key of one of them; then none is stored
   */
  restore(tasks: readonly Task[]): Promise<number>
  /** Takes tasks back whose lease ran out, some hundreds at a time; answers them as they are since. */
  expireLeases(): Promise<Task[]>
  /** Whether there was one. */
  delete(id: string): Promise<boolean>
  /** Those of the ids that no task has. */
  findUnknown(ids: readonly string[]): Promise<string[]>
  stats(): Promise<TaskStats>
  /** Tasks of an owner that are not started. */
  countWaiting(owner: string): Promise<number>
  /** Rejects while it could not be claimed or changed: it takes no writes, or doesn't answer. */
  checkReady(): Promise<void>
  /** Returns what ends the listening. */
  onChange(listener: ChangeListener): () => void
  close(): Promise<void>
}
