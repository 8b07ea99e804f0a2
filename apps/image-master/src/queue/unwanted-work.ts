import { isOutage, type Logger, repeat } from '@darkroom/service-kit'
import type { HeldLease, WorkQueue } from './queue.ts'

const retryMs = 500

interface UnwantedWorkOptions {
  queue: Pick<WorkQueue, 'returnWork'>
  logger: Logger
  /** Ends the returns that are retried: the leases then expire. */
  closing: AbortSignal
}

/** Work that was leased for a worker that does not get it. */
export class UnwantedWork {
  readonly #options: UnwantedWorkOptions
  readonly #retrying = new Set<Promise<void>>()

  constructor(options: UnwantedWorkOptions) {
    this.#options = options
  }

  /**
   * The task waits again, and the attempt isn't counted. During an outage of the task DB this is retried in the background
   * until it answers again: there is no worker that renews the lease.
   */
  async return(lease: HeldLease): Promise<void> {
    try {
      await this.#options.queue.returnWork(lease)
    } catch (error) {
      if (!isOutage(error)) throw error
      this.#returnLater(lease)
    }
  }

  /** Resolves when no return is retried any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#retrying)
  }

  #returnLater(lease: HeldLease): void {
    const { queue, logger, closing } = this.#options
    const done = new AbortController()
    const retrying = repeat(retryMs, AbortSignal.any([closing, done.signal]), async () => {
      try {
        await queue.returnWork(lease)
        done.abort()
      } catch (error) {
        if (!isOutage(error)) throw error
      }
    })
      .catch(error =>
        logger.error(
          { err: error, id: lease.id },
          'work could not be returned; the task is retried when its lease expires',
        ),
      )
      .finally(() => this.#retrying.delete(retrying))
    this.#retrying.add(retrying)
  }
}
