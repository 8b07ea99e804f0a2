import type { Load } from '@darkroom/contracts'
import { type Logger, repeat, type ServiceClients } from '@darkroom/service-kit'

const minuteMs = 60_000
const maxSamples = 60

interface LoadHistoryOptions {
  taskDb: Pick<ServiceClients['taskDb'], 'getStats'>
  logger: Logger
  everyMs?: number
}

/**
 * Counts once a minute how many images wait and are developed, and keeps the counts of an hour in memory. Earlier counts
 * can't be computed from tasks: a task that was deleted or returned has left the queue without a trace.
 */
export class LoadHistory {
  readonly #options: LoadHistoryOptions
  readonly #closing = new AbortController()
  readonly #counting: Promise<void>
  #samples: readonly Load[] = []

  constructor(options: LoadHistoryOptions) {
    this.#options = options
    this.#counting = repeat(options.everyMs ?? minuteMs, this.#closing.signal, () => this.#count())
  }

  /** The oldest first. A minute in which the task DB did not answer is missing. */
  get samples(): readonly Load[] {
    return this.#samples
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#counting
  }

  async #count(): Promise<void> {
    try {
      const { body } = await this.#options.taskDb.getStats({ signal: this.#closing.signal })
      const at = new Date().toISOString()
      const sample = { at, waiting: body['not-started'], developing: body['in-progress'] }
      this.#samples = [...this.#samples, sample].slice(-maxSamples)
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the load of this minute is unknown')
    }
  }
}
