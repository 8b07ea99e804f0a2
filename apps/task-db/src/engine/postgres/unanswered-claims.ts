import type { Task } from '@darkroom/contracts'
import { type Logger, repeat, StoreUnavailable } from '@darkroom/service-kit'
import type { Changes } from './changes.ts'
import { applyEvents } from './events.ts'
import { describeFailure } from './failures.ts'

const returnIntervalMs = 500

/** Claims whose callers got an error, because it is unknown whether they were committed: their tasks have no worker. */
export class UnansweredClaims {
  readonly #changes: Changes
  readonly #logger: Logger
  readonly #closing: AbortSignal
  readonly #returning = new Set<Promise<void>>()

  constructor(changes: Changes, logger: Logger, closing: AbortSignal) {
    this.#changes = changes
    this.#logger = logger
    this.#closing = closing
  }

  /**
   * Returns the tasks as soon as PostgreSQL answers; the attempt doesn't count. If the claim was not committed, the
   * return is refused.
   */
  return(tasks: readonly Task[]): void {
    const events = tasks.map(({ id, claims: token }) => ({ id, event: { type: 'return', token } as const }))
    const done = new AbortController()
    const ended = AbortSignal.any([this.#closing, done.signal])
    const returning = repeat(returnIntervalMs, ended, async () => {
      try {
        await this.#changes.make(applyEvents(events))
        done.abort()
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error
      }
    })
      .catch(error => this.#logger.error(describeFailure(error), 'claims could not be returned'))
      .finally(() => this.#returning.delete(returning))
    this.#returning.add(returning)
  }

  async ended(): Promise<void> {
    await Promise.all(this.#returning)
  }
}
