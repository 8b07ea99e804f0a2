import type { Entry } from '@darkroom/crdt'
import type { Logger } from '@darkroom/service-kit'
import type { Clock } from './clock.ts'
import type { Draft } from './draft.ts'
import type { Ledger } from './ledger.ts'

/** How often dropped entries are logged, at most. */
const quietMs = 60_000

/**
 * Accepts entries from other nodes. At the limit, it drops new entries, but still accepts newer versions of existing
 * entries. So a register in use continues to spread, even if there are many other registers.
 */
export class Receiver {
  readonly #ledger: Ledger
  readonly #maxEntries: number
  readonly #clock: Clock
  readonly #logger: Logger
  #loggedAt = Number.NEGATIVE_INFINITY

  constructor(options: { ledger: Ledger; maxEntries: number; clock: Clock; logger: Logger }) {
    this.#ledger = options.ledger
    this.#maxEntries = options.maxEntries
    this.#clock = options.clock
    this.#logger = options.logger
  }

  /**
   * Stores the newer entries of a peer. They are on disk when this resolves, and are then sent on. Returns how many were
   * stored. New entries that exceed the limit are dropped. If a peer has a higher count of this node than the node itself,
   * the disk was restored to an earlier state, and the higher count is stored.
   */
  async receive(entries: readonly Entry[]): Promise<number> {
    if (entries.length === 0) return 0
    const { taken, leftOut } = await this.#ledger.write(draft => this.#take(draft, entries))
    if (leftOut > 0) this.#noteLeftOut(leftOut)
    return taken
  }

  #take(draft: Draft, entries: readonly Entry[]): { taken: number; leftOut: number } {
    let taken = 0
    let leftOut = 0
    for (const entry of entries) {
      if (draft.has(entry) || draft.size < this.#maxEntries) taken += Number(draft.put(entry))
      else leftOut++
    }
    return { taken, leftOut }
  }

  #noteLeftOut(leftOut: number): void {
    const now = this.#clock.monotonic()
    if (now - this.#loggedAt < quietMs) return
    this.#loggedAt = now
    this.#logger.warn(
      { leftOut, maxEntries: this.#maxEntries },
      'new entries from other nodes are dropped, because MAX_ENTRIES is reached: raise it on all nodes',
    )
  }
}
