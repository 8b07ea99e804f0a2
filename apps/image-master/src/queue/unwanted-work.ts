import { BackgroundRetries, isOutage, type Logger } from '@darkroom/service-kit'
import type { Acknowledgement, HeldLease, WorkQueue } from './queue.ts'

const retryMs = 500

interface UnwantedWorkOptions {
  queue: Pick<WorkQueue, 'returnWork'>
  logger: Logger
  /** Ends the returns that are retried: the leases then expire. */
  closing: AbortSignal
}

/** Work that was leased for a worker that does not get it, or gives it back. */
export class UnwantedWork {
  readonly #queue: Pick<WorkQueue, 'returnWork'>
  readonly #logger: Logger
  readonly #retries: BackgroundRetries

  constructor({ queue, logger, closing }: UnwantedWorkOptions) {
    this.#queue = queue
    this.#logger = logger
    this.#retries = new BackgroundRetries({ everyMs: retryMs, closing, isPassing: isOutage })
  }

  /**
   * The task waits again, and the attempt isn't counted. During an outage of the task DB, this is retried in the background,
   * and undefined is returned: no worker renews the lease.
   */
  async return(lease: HeldLease): Promise<Acknowledgement | undefined> {
    const returnWork = () => this.#queue.returnWork(lease)
    try {
      return await returnWork()
    } catch (cause) {
      if (!isOutage(cause)) throw cause
      this.#retries.add(returnWork, error =>
        this.#logger.error(
          { err: error, id: lease.id },
          'work could not be returned; the task is retried when its lease expires',
        ),
      )
      return undefined
    }
  }

  /** Resolves when no return is being retried. */
  ended(): Promise<void> {
    return this.#retries.ended()
  }
}
