import type { Results, Task, TaskError, Work } from '@darkroom/contracts'

/** The lease of a task, as its worker sends it. */
export interface HeldLease {
  id: string
  token: number
}

/** Why a lease has ended: a newer lease was granted, or the task was deleted. */
export type LeaseEnd = 'lost' | 'cancelled'

/** The response to a worker's message; 'repeated' if the message was received before. */
export type Acknowledgement = 'done' | 'repeated' | LeaseEnd

/**
 * Decides which task is next, and keeps leases. The task DB has the true state; a queue may lose or repeat entries,
 * and is refilled from there.
 */
export interface WorkQueue {
  /** Announces a task that is in the task DB to workers. */
  add(task: Task): Promise<void>
  /**
   * Leases the next task; undefined if there is none within `waitSeconds`, or `signal` is aborted. First come, first
   * served. Tasks that need an ability that isn't in `decodes` (an optional type, `variants`) are skipped.
   */
  next(
    worker: string,
    waitSeconds: number,
    signal: AbortSignal,
    decodes?: readonly string[],
  ): Promise<Work | undefined>
  /** The new end of the lease, or why it can't be renewed. */
  renew(lease: HeldLease): Promise<{ expiresAt: string } | LeaseEnd>
  finish(lease: HeldLease, results: Results): Promise<Acknowledgement>
  /** The task runs again if the failure is retryable and attempts are left. */
  fail(lease: HeldLease, error: TaskError, retryable: boolean): Promise<Acknowledgement>
  /** Returns the task unfinished: it is next again, and the attempt is not counted. */
  returnWork(lease: HeldLease): Promise<Acknowledgement>
  /** Rejects while work pauses because a server that the queue needs doesn't answer. */
  checkReady(): Promise<void>
  close(): Promise<void>
}
