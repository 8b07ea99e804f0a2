import type { Task } from '@darkroom/contracts'
import { BackgroundRetries, type Logger, StoreUnavailable } from '@darkroom/service-kit'
import type { Changes } from './changes.ts'
import { applyEvents } from './events.ts'
import { describeFailure } from './failures.ts'

const returnIntervalMs = 500

/** Claims whose callers got an error, because it is unknown whether they were committed: their tasks have no worker. */
export class UnconfirmedClaims {
  readonly #changes: Changes
  readonly #logger: Logger
  readonly #retries: BackgroundRetries

  constructor(changes: Changes, logger: Logger, closing: AbortSignal) {
    this.#changes = changes
    this.#logger = logger
    const isPassing = (error: unknown) => error instanceof StoreUnavailable
    this.#retries = new BackgroundRetries({ everyMs: returnIntervalMs, closing, isPassing })
  }

  /**
   * Returns the tasks as soon as PostgreSQL answers; the attempt doesn't count. If the claim was not committed, the
   * return is refused.
   */
  return(tasks: readonly Task[]): void {
    const events = tasks.map(({ id, claims: token }) => ({ id, event: { type: 'return', token } as const }))
    this.#retries.add(
      () => this.#changes.make(applyEvents(events)),
      error => this.#logger.error(describeFailure(error), 'claims could not be returned'),
    )
  }

  ended(): Promise<void> {
    return this.#retries.ended()
  }
}
