import { setTimeout as delay } from 'node:timers/promises'
import type { Task } from '@darkroom/contracts'
import type { TaskJob } from './job-queue.ts'

/** A task may become claimable a moment after its lease has ended (EXPIRY_CHECK_MS). */
const holdAtLeastMs = 250

/**
 * Jobs whose task is leased by another worker: Redis treated the job as stalled before the task DB took the task back,
 * or only Redis has lost the worker. Such a job is held until the lease should have ended, and is then put back.
 */
export class HeldJobs {
  readonly #putBack: (job: TaskJob) => Promise<void>
  readonly #longestLeaseMs: number
  readonly #closing = new AbortController()
  readonly #held = new Set<Promise<void>>()

  /** A lease is waited for at most `longestLeaseMs`. */
  constructor(putBack: (job: TaskJob) => Promise<void>, longestLeaseMs: number) {
    this.#putBack = putBack
    this.#longestLeaseMs = longestLeaseMs
  }

  hold(job: TaskJob, { lease }: Task): void {
    const leftMs = lease ? Date.parse(lease.expiresAt) - Date.now() : 0
    const holdMs = holdAtLeastMs + Math.min(Math.max(leftMs, 0), this.#longestLeaseMs)
    const held = delay(holdMs, undefined, { signal: this.#closing.signal })
      .catch(() => undefined)
      .then(() => this.#putBack(job))
      .catch(() => undefined) // Redis does not answer; later it treats the job as stalled
      .finally(() => this.#held.delete(held))
    this.#held.add(held)
  }

  /** Puts all held jobs back. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#held)
  }
}
