import {
  allAbilities,
  type Client,
  type Results,
  type Task,
  type TaskError,
  type taskDbRoutes,
  type Work,
} from '@darkroom/contracts'
import type { Acknowledgement, HeldLease, LeaseEnd, WorkQueue } from './queue.ts'
import { TaskLeases } from './task-leases.ts'
import { workOf } from './work-of.ts'

/** The task DB itself is the queue: a task that is not started is in the queue. So the two always agree. */
export class TaskDbQueue implements WorkQueue {
  readonly #taskDb: Client<typeof taskDbRoutes>
  readonly #leases: TaskLeases
  readonly #leaseMs: number

  constructor({ taskDb, leaseMs }: { taskDb: Client<typeof taskDbRoutes>; leaseMs: number }) {
    this.#taskDb = taskDb
    this.#leases = new TaskLeases({ taskDb, leaseMs })
    this.#leaseMs = leaseMs
  }

  async add(_task: Task): Promise<void> {
    // A task in the task DB is in the queue already.
  }

  async next(
    worker: string,
    waitSeconds: number,
    signal: AbortSignal,
    decodes: readonly string[] = allAbilities,
  ): Promise<Work | undefined> {
    if (signal.aborted) return undefined
    const reply = await this.#claim(worker, waitSeconds, signal, [...decodes])
    return reply?.status === 200 ? workOf(reply.body) : undefined
  }

  renew(lease: HeldLease): Promise<{ expiresAt: string } | LeaseEnd> {
    return this.#leases.renew(lease)
  }

  async finish({ id, token }: HeldLease, results: Results): Promise<Acknowledgement> {
    return (await this.#leases.report(id, { state: 'finished', token, ...results })).acknowledgement
  }

  async fail({ id, token }: HeldLease, error: TaskError, retryable: boolean): Promise<Acknowledgement> {
    return (await this.#leases.report(id, { state: 'failed', token, error, retryable })).acknowledgement
  }

  async returnWork({ id, token }: HeldLease): Promise<Acknowledgement> {
    return (await this.#leases.report(id, { state: 'returned', token })).acknowledgement
  }

  async checkReady(): Promise<void> {
    // The master checks the task DB by itself.
  }

  async close(): Promise<void> {}

  /**
   * Undefined if `signal` ended the wait; the task DB takes back a task that it may have claimed by then. A claim without a
   * wait is not ended: its response could be on its way already, and the caller returns the task.
   */
  async #claim(worker: string, waitSeconds: number, signal: AbortSignal, decodes: string[]) {
    try {
      return await this.#taskDb.claimTask({
        querystring: { wait: waitSeconds },
        body: { worker, leaseMs: this.#leaseMs, decodes },
        ...(waitSeconds > 0 && { signal }),
      })
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    }
  }
}
