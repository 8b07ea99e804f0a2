import type { NewTask, NoticeClaim, Task, TaskState, TaskStats } from '@darkroom/contracts'
import type { Outcome } from '../event-outcome.ts'
import type { TaskEvent } from '../transitions.ts'

export interface TaskQuery {
  owner?: string | undefined
  state?: TaskState | undefined
  /** Only tasks that were created with this preset. */
  preset?: string | undefined
  /** Only tasks that ended before this instant. */
  endedBefore?: Date | undefined
  /** Only tasks whose id is this or greater. */
  leastId?: string | undefined
  limit: number
  cursor?: string | undefined
}

/** An idempotency key is unique among the tasks of one owner, and among the tasks without an owner. */
export interface OwnedKey {
  owner?: string | undefined
  idempotencyKey: string
}

/** How often a named event happened within one minute. */
export interface MinuteCount {
  /** Minutes since 1970. */
  minute: number
  name: string
  count: number
}

export type TaskChange =
  | { kind: 'stored'; task: Task }
  | { kind: 'deleted'; id: string }
  /** Changes of other copies of the service may have been missed: callers that wait for a change read again. */
  | { kind: 'unknown' }

/**
 * Called after every change of a task's version, once it is on disk: for each change through this store, and for the
 * latest change through other copies.
 */
export type ChangeListener = (change: TaskChange) => void

/**
 * Keeps tasks. A change is on disk before it is acknowledged. Each operation is atomic, and operations on one task are
 * done one after the other.
 */
export interface TaskStore {
  /** Stores a task, unless its id exists or its owner has a task with its idempotency key; then it returns that task. */
  create(id: string, task: NewTask): Promise<{ isNew: boolean; task: Task }>
  get(id: string): Promise<Task | undefined>
  findByKey(key: OwnedKey): Promise<Task | undefined>
  /** Newest first. */
  list(query: TaskQuery): Promise<{ tasks: Task[]; next?: string }>
  /**
   * Leases a task that is not started: the oldest of the most urgent tasks of the owner whose turn has come (turns.ts).
   * Undefined if there is none. No task is leased twice. Tasks that need an ability that isn't in `decodes` (an optional
   * type, `variants`) are skipped; without `decodes`, no task is skipped.
   */
  claim(worker: string, leaseMs: number, decodes?: readonly string[]): Promise<Task | undefined>
  /**
   * Leases due notices, the oldest first; returns their tasks. No notice is leased twice before its lease expires.
   * Versions stay, and listeners are not called.
   */
  claimNotices(claim: NoticeClaim): Promise<Task[]>
  /** The earliest time at which a notice is due, in the past or the future; undefined if no notice waits. */
  nextNoticeAt(): Promise<string | undefined>
  /**
   * Applies an event to a task, by the table of transitions; undefined if there is no such task. A claim leases the most
   * urgent task of the owner instead, which takes the turn of the given task.
   */
  apply(id: string, event: TaskEvent): Promise<Outcome | undefined>
  /**
   * Stores tasks unchanged, with all their history, if they are new or newer than the stored version. Returns how
   * many were stored. Listeners are not called.
   *
   * @throws MigrationIncomplete if another task of the owner has the same idempotency key; then no task is stored
   */
  restore(tasks: readonly Task[]): Promise<number>
  /** Takes back tasks whose lease has expired, a few hundred at a time; returns their new state. */
  expireLeases(): Promise<Task[]>
  /** Returns whether the task existed. */
  delete(id: string): Promise<boolean>
  /** Returns the ids that have no task. */
  findUnknown(ids: readonly string[]): Promise<string[]>
  stats(): Promise<TaskStats>
  /** Adds to the counts of these minutes. Minutes before `forgetBefore` are forgotten. */
  addCounts(counts: readonly MinuteCount[], forgetBefore: number): Promise<void>
  /** The counts of a minute and of all after it. */
  listCounts(sinceMinute: number): Promise<MinuteCount[]>
  /** How many tasks of an owner are not started. */
  countWaiting(owner: string): Promise<number>
  /** Rejects while tasks can't be claimed or changed: the store refuses writes, or doesn't answer. */
  checkReady(): Promise<void>
  /** Returns a function that removes the listener. */
  onChange(listener: ChangeListener): () => void
  /**
   * Calls the listener within the write of a new task, before the task is on disk: a claim that the listener makes shares
   * the commit. Only for stores that write in this process. Returns a function that removes the listener.
   */
  onNewTask?(listener: () => void): () => void
  close(): Promise<void>
}
