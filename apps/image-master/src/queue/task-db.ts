import type {
  Client,
  ImageFacts,
  LeaseHolderEvent,
  Task,
  TaskError,
  taskDbRoutes,
  Work,
} from '@darkroom/contracts'
import type { Acknowledgement, HeldLease, WorkQueue } from './queue.ts'

/** The queue is the task DB itself: a task that is not started is in it. Nothing can be out of step. */
export class TaskDbQueue implements WorkQueue {
  readonly #taskDb: Client<typeof taskDbRoutes>
  readonly #leaseMs: number

  constructor({ taskDb, leaseMs }: { taskDb: Client<typeof taskDbRoutes>; leaseMs: number }) {
    this.#taskDb = taskDb
    this.#leaseMs = leaseMs
  }

  async add(_task: Task): Promise<void> {
    // To be in the task DB is to be in the queue.
  }

  async next(worker: string, waitSeconds: number, signal: AbortSignal): Promise<Work | undefined> {
    const reply = await this.#claim(worker, waitSeconds, signal)
    if (reply?.status !== 200) return undefined
    const { id, operations, attempts, lease } = reply.body
    if (!lease) throw new Error(`the claimed task ${id} has no lease`)
    return { id, operations, attempt: attempts, lease: { token: lease.token, expiresAt: lease.expiresAt } }
  }

  async extend({ id, token }: HeldLease): Promise<{ expiresAt: string } | Exclude<Acknowledgement, 'done'>> {
    const reply = await this.#taskDb.renewLease({ params: { id }, body: { token, leaseMs: this.#leaseMs } })
    if (reply.status === 404) return 'cancelled'
    if (reply.status === 409 || !reply.body.lease) return 'lost'
    return { expiresAt: reply.body.lease.expiresAt }
  }

  finish({ id, token }: HeldLease, result: ImageFacts): Promise<Acknowledgement> {
    return this.#tell(id, { state: 'finished', token, result })
  }

  fail({ id, token }: HeldLease, error: TaskError, retryable: boolean): Promise<Acknowledgement> {
    return this.#tell(id, { state: 'failed', token, error, retryable })
  }

  giveBack({ id, token }: HeldLease): Promise<Acknowledgement> {
    return this.#tell(id, { state: 'returned', token })
  }

  async close(): Promise<void> {}

  /** undefined when `signal` ended it; the task DB takes back what it may have claimed by then. */
  async #claim(worker: string, waitSeconds: number, signal: AbortSignal) {
    try {
      return await this.#taskDb.claimTask({
        querystring: { wait: waitSeconds },
        body: { worker, leaseMs: this.#leaseMs },
        signal,
      })
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    }
  }

  async #tell(id: string, body: LeaseHolderEvent): Promise<Acknowledgement> {
    const { status } = await this.#taskDb.putTask({ params: { id }, body })
    if (status === 404) return 'cancelled'
    return status === 409 ? 'lost' : 'done'
  }
}
