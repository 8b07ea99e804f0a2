import type { Client, imageMasterRoutes, Work } from '@darkroom/contracts'
import type { Logger } from '@darkroom/service-kit/clients'

const minRenewMs = 100
/** The pause after a failed renewal, shorter than the time for renewals that the task DB gives after an outage. */
const retryMs = 1000

/**
 * Renews the lease of a task every third of its duration, until it is closed or the lease is lost. A renewal without a
 * response is repeated soon. It uses the duration of the lease, not its end, because the clocks of two machines differ and
 * can be changed.
 */
export class KeptLease {
  readonly #work: Pick<Work, 'id' | 'lease'>
  readonly #master: Pick<Client<typeof imageMasterRoutes>, 'extendWork'>
  readonly #logger: Logger
  readonly #lost = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #renewing: { ended: Promise<void>; closing: AbortController } | undefined
  #isClosed = false

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

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#renewing?.closing.abort()
    await this.#renewing?.ended
  }

  get #renewMs(): number {
    return Math.max(this.#work.lease.durationMs / 3, minRenewMs)
  }

  #renewLater(pauseMs: number): void {
    if (this.#isClosed || this.lost.aborted) return
    this.#timer = setTimeout(() => {
      const closing = new AbortController()
      const ended = this.#renew(closing.signal).then(isAnswered =>
        this.#renewLater(isAnswered ? this.#renewMs : Math.min(this.#renewMs, retryMs)),
      )
      this.#renewing = { ended, closing }
    }, pauseMs)
  }

  /** Returns whether the master has answered. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const { id, lease } = this.#work
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
