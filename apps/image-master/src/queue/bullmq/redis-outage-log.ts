import type { Logger } from '@darkroom/service-kit'

export const notAnswering = 'Redis does not answer'

/** Logs one line when an outage of Redis begins, and one when it is over. */
export class RedisOutageLog {
  readonly #logger: Logger
  readonly #closing: AbortSignal
  /** The last warning; undefined while there is no outage. */
  #warning: string | undefined

  constructor(logger: Logger, closing: AbortSignal) {
    this.#logger = logger
    this.#closing = closing
  }

  get warning(): string | undefined {
    return this.#warning
  }

  /** Logs a second line of the same outage only if its reason is clearer. */
  warn(message: string, error: Error): void {
    const isClearer =
      this.#warning === undefined || (this.#warning === notAnswering && message !== notAnswering)
    if (!isClearer || this.#closing.aborted) return
    this.#warning = message
    const { reason } = reasonOf(error.cause ?? error)
    this.#logger.warn({ reason }, `${message}; uploads continue, and workers get no tasks until it is over`)
  }

  recovered(message: string): void {
    if (this.#warning !== undefined) this.#logger.info(message)
    this.#warning = undefined
  }
}

/** The reason, for the log. The error itself may contain the failed command, and with it the password. */
export function reasonOf(error: unknown): { reason: string } {
  return { reason: error instanceof Error ? error.message : 'the connection was closed' }
}
