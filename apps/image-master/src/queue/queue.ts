import type { ImageFacts, Task, TaskError, Work } from '@darkroom/contracts'

/** The right to work on a task, as its worker carries it. */
export interface HeldLease {
  id: string
  token: number
}

/** Why a lease has ended: a newer one was granted, or the task was deleted. */
export type LeaseEnd = 'lost' | 'cancelled'

/** What became of a message of a worker; 'repeated' when it was heard before. */
export type Acknowledgement = 'done' | 'repeated' | LeaseEnd

/**
 * Says which task is next, and keeps leases. The task DB says what is true; a queue may forget or repeat, and
 * is refilled from there.
 */
export interface WorkQueue {
  /** Makes a task that is in the task DB known to workers. */
  add(task: Task): Promise<void>
  /**
   * Leases the next task; undefined when there is none within `waitSeconds`, or `signal` is aborted. First
   * come, first served; tasks whose original is of an optional type that isn't in `decodes` are for others.
   */
  next(
    worker: string,
    waitSeconds: number,
    signal: AbortSignal,
    decodes?: readonly string[],
  ): Promise<Work | undefined>
  /** The instant when the lease ends now, or why it can't be renewed. */
  renew(lease: HeldLease): Promise<{ expiresAt: string } | LeaseEnd>
  finish(lease: HeldLease, result: ImageFacts): Promise<Acknowledgement>
  /** The task runs again if that may help and attempts are left. */
  fail(lease: HeldLease, error: TaskError, retryable: boolean): Promise<Acknowledgement>
  /** Returned unfinished: the task is next again, and the attempt not counted. */
  returnWork(lease: HeldLease): Promise<Acknowledgement>
  /** Rejects while work pauses because something that the queue needs doesn't answer. */
  checkReady(): Promise<void>
  close(): Promise<void>
}
