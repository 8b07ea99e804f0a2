import type { Client, clusterStateRoutes } from '@darkroom/contracts'
import type { Logger } from '../log/logger.ts'
import { repeat } from '../time/repeat.ts'

interface TallyOptions {
  clusterState: Pick<Client<typeof clusterStateRoutes>, 'incrementCounter'>
  logger: Logger
  everyMs?: number
}

/** How long closing waits for cluster-state to accept the remaining counts. */
const lastWordsMs = 2000

/**
 * Counts for cluster-state: added up here and sent once a second, so that no image waits for them. Counts that can't
 * be sent are kept and sent later. Counts not yet sent are lost when the process is killed; counts that were sent but
 * not answered are sent again, and may be counted twice.
 */
export class Tally {
  readonly #clusterState: TallyOptions['clusterState']
  readonly #logger: Logger
  readonly #amounts = new Map<string, number>()
  readonly #closing = new AbortController()
  readonly #givingUp = new AbortController()
  readonly #telling: Promise<void>
  #isHeard = true

  constructor({ clusterState, logger, everyMs = 1000 }: TallyOptions) {
    this.#clusterState = clusterState
    this.#logger = logger
    this.#telling = repeat(everyMs, this.#closing.signal, () => this.#tellAll())
  }

  /** `amount` must be a whole number, not negative, like all counts. */
  add(counter: string, amount = 1): void {
    if (amount > 0) this.#amounts.set(counter, (this.#amounts.get(counter) ?? 0) + amount)
  }

  /**
   * Sends the remaining counts, if that takes no longer than two seconds. Idempotent. A request under way may end:
   * sent again, its counts would be counted twice.
   */
  async close(): Promise<void> {
    this.#closing.abort()
    const patience = setTimeout(() => this.#givingUp.abort(), lastWordsMs)
    await this.#telling
    await this.#tellAll()
    clearTimeout(patience)
  }

  async #tellAll(): Promise<void> {
    const failures: unknown[] = []
    for (const [counter, amount] of [...this.#amounts])
      await this.#tell(counter, amount).catch(error => failures.push(error))
    if (failures.length === 0 && !this.#isHeard) this.#logger.info('cluster-state accepts counts again')
    if (failures.length > 0 && this.#isHeard)
      this.#logger.warn({ err: failures[0] }, 'cluster-state did not accept all counts; retrying')
    this.#isHeard = failures.length === 0
  }

  async #tell(name: string, amount: number): Promise<void> {
    const reply = await this.#clusterState.incrementCounter({
      params: { name },
      querystring: { amount },
      signal: this.#givingUp.signal,
    })
    if (reply.status !== 200) throw new Error(`${name}: ${reply.body.detail ?? reply.body.title}`)
    const left = (this.#amounts.get(name) ?? 0) - amount
    if (left > 0) this.#amounts.set(name, left)
    else this.#amounts.delete(name)
  }
}
