import { type Clock, type Logger, repeat } from '@darkroom/service-kit'
import type { LiveConfig } from '../config.ts'
import { CautiousTime } from './cautious-time.ts'
import { OrphanSweeper } from './orphan-sweeper.ts'
import { type SweeperDependencies, sweepExpired } from './sweep-expired.ts'

interface HousekeepingOptions extends Omit<SweeperDependencies, 'signal'> {
  listUploads(): Promise<ReadonlySet<string>>
  settings(): LiveConfig
  sweepMs: number
  orphanSweepMs: number
  orphanAgeMs: number
  clock: Clock
}

/** Sweeps from time to time, until it is closed. Two masters may sweep at the same time. */
export class Housekeeping {
  readonly #closing = new AbortController()
  readonly #sweeping: Promise<unknown>
  readonly #logger: Logger

  constructor({
    settings,
    sweepMs,
    orphanSweepMs,
    orphanAgeMs,
    clock,
    listUploads,
    ...neighbours
  }: HousekeepingOptions) {
    this.#logger = neighbours.logger
    const dependencies = { ...neighbours, signal: this.#closing.signal }
    const time = new CautiousTime(clock)
    const ago = (ms: number) => new Date(time.now() - ms)
    const orphans = new OrphanSweeper({ ...dependencies, listUploads, ageMs: orphanAgeMs })
    this.#sweeping = Promise.all([
      this.#repeat(sweepMs, 'expired images', () =>
        sweepExpired(ago(settings().retentionSeconds * 1000), dependencies),
      ),
      this.#repeat(orphanSweepMs, 'bytes without a task', () => orphans.sweep()),
    ])
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#sweeping
  }

  #repeat(everyMs: number, what: string, sweep: () => Promise<number>): Promise<void> {
    return repeat(everyMs, this.#closing.signal, async () => {
      try {
        const count = await sweep()
        if (count > 0) this.#logger.info({ count }, `${what} were deleted`)
      } catch (error) {
        this.#logger.warn({ err: error }, `${what} could not be deleted; retrying later`)
      }
    })
  }
}
