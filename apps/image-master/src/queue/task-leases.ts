import type { Client, LeaseHolderEvent, Task, taskDbRoutes } from '@darkroom/contracts'
import type { HeldLease, LeaseEnd } from './queue.ts'

/** Passes messages of lease holders to the task DB, which alone decides their effect. */
export class TaskLeases {
  readonly #taskDb: Client<typeof taskDbRoutes>
  readonly #leaseMs: number

  constructor({ taskDb, leaseMs }: { taskDb: Client<typeof taskDbRoutes>; leaseMs: number }) {
    this.#taskDb = taskDb
    this.#leaseMs = leaseMs
  }

  async renew({ id, token }: HeldLease): Promise<{ expiresAt: string } | LeaseEnd> {
    const reply = await this.#taskDb.renewLease({ params: { id }, body: { token, leaseMs: this.#leaseMs } })
    if (reply.status === 404) return 'cancelled'
    if (reply.status === 409 || !reply.body.lease) return 'lost'
    return { expiresAt: reply.body.lease.expiresAt }
  }

  /** Returns the outcome of the message and, if it was accepted, the new state of the task. */
  async report(
    id: string,
    event: LeaseHolderEvent,
  ): Promise<{ acknowledgement: 'done' | 'repeated'; task: Task } | { acknowledgement: LeaseEnd }> {
    const reply = await this.#taskDb.putTask({ params: { id }, body: event })
    if (reply.status === 404) return { acknowledgement: 'cancelled' }
    if (reply.status === 409) return { acknowledgement: 'lost' }
    const isRepeated = reply.headers['idempotent-replayed'] === 'true'
    return { acknowledgement: isRepeated ? 'repeated' : 'done', task: reply.body }
  }
}
