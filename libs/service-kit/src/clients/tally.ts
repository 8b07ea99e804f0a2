import type { Client, clusterStateRoutes } from '@darkroom/contracts'
import type { Logger } from '../log/logger.ts'
import { repeat } from '../time/repeat.ts'

interface TallyOptions {
  clusterState: Pick<Client<typeof clusterStateRoutes>, 'incrementCounter'>
  logger: Logger
  everyMs?: number
}

/** How long closing waits for cluster-state to accept the remaining counts. */
const closeTimeoutMs = 2000

/**
 * Counts for cluster-state: added up here and sent once a second, so that no image waits for cluster-state. Counts that
 * can't be sent are kept and sent later. Unsent counts are lost when the process is killed. Counts that were sent but not
 * answered are sent again, and may be counted twice.
 */
export class Tally {
  readonly #clusterState: TallyOptions['clusterState']
  readonly #logger: Logger
  readonly #amounts = new Map<string, number>()
  readonly #closing = new AbortController()
  readonly #timedOut = new AbortController()
  readonly #sending: Promise<void>
  #isAccepted = true

  constructor({ clusterState, logger, everyMs = 1000 }: TallyOptions) {
    this.#clusterState = clusterState
    this.#logger = logger
    this.#sending = repeat(everyMs, this.#closing.signal, () => this.#sendAll())
  }

  /** `amount` must be a non-negative whole number, like all counts. */
  add(counter: string, amount = 1): void {
    if (amount > 0) this.#amounts.set(counter, (this.#amounts.get(counter) ?? 0) + amount)
  }

  /**
   * Sends the remaining counts, for at most two seconds. Idempotent. Waits for a request in flight, because its counts would
   * be added twice if they were sent again.
   */
  async close(): Promise<void> {
    this.#closing.abort()
    const timeout = setTimeout(() => this.#timedOut.abort(), closeTimeoutMs)
    await this.#sending
    await this.#sendAll()
    clearTimeout(timeout)
  }

  async #sendAll(): Promise<void> {
    const failures: unknown[] = []
    for (const [counter, amount] of [...this.#amounts])
      await this.#send(counter, amount).catch(error => failures.push(error))
    if (failures.length === 0 && !this.#isAccepted) this.#logger.info('cluster-state accepts counts again')
    if (failures.length > 0 && this.#isAccepted)
      this.#logger.warn({ err: failures[0] }, 'cluster-state did not accept all counts; retrying')
    this.#isAccepted = failures.length === 0
  }

  async #send(name: string, amount: number): Promise<void> {
    const reply = await this.#clusterState.incrementCounter({
      params: { name },
      querystring: { amount },
      signal: this.#timedOut.signal,
    })
    if (reply.status !== 200) throw new Error(`${name}: ${reply.body.detail ?? reply.body.title}`)
    const left = (this.#amounts.get(name) ?? 0) - amount
    if (left > 0) this.#amounts.set(name, left)
    else this.#amounts.delete(name)
  }
}
