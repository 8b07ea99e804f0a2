import type { Client, imageMasterRoutes, Work } from '@darkroom/contracts'
import type { Logger } from '@darkroom/service-kit'

/** The pause after a failed renewal. After an outage, the task DB allows more time than this for renewals. */
const retryMs = 1000

/**
 * Renews the lease of a task every third of its duration, until it is closed or the lease is lost. A renewal without a
 * response is repeated soon. It uses the duration of the lease, not its end, because the clocks of two machines differ and
 * can be changed.
 *
 * It runs in the main thread, which is always free: a thread that develops an image may be busy for longer than a lease.
 */
export class KeptLease {
  readonly #work: Pick<Work, 'id' | 'lease'>
  readonly #master: Pick<Client<typeof imageMasterRoutes>, 'extendWork'>
  readonly #logger: Logger
  readonly #lost = new AbortController()
  #timer: NodeJS.Timeout | undefined
  readonly #closing = new AbortController()

  constructor(
    work: Pick<Work, 'id' | 'lease'>,
    master: Pick<Client<typeof imageMasterRoutes>, 'extendWork'>,
    logger: Logger,
  ) {
    this.#work = work
    this.#master = master
    this.#logger = logger
    this.#renewLater(this.#renewMs)
  }

  /** Aborted, with the reason, when the lease is lost or the task was deleted. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Ends the renewals. Idempotent. */
  close(): void {
    clearTimeout(this.#timer)
    this.#closing.abort()
  }

  get #renewMs(): number {
    return this.#work.lease.durationMs / 3
  }

  #renewLater(pauseMs: number): void {
    if (this.#closing.signal.aborted || this.lost.aborted) return
    this.#timer = setTimeout(async () => {
      const isAnswered = await this.#renew()
      this.#renewLater(isAnswered ? this.#renewMs : Math.min(this.#renewMs, retryMs))
    }, pauseMs)
  }

  /** Returns whether the master has answered. */
  async #renew(): Promise<boolean> {
    const { id, lease } = this.#work
    const { signal } = this.#closing
    try {
      const reply = await this.#master.extendWork({ body: { id, lease: lease.token }, signal })
      if (reply.status === 409) this.#lost.abort('the lease expired, and the task was taken back')
      else if (reply.body.cancelled) this.#lost.abort('the task was deleted')
      return true
    } catch (error) {
      if (!signal.aborted) this.#logger.warn({ err: error, id }, 'a lease could not be renewed; retrying')
      return false
    }
  }
}
