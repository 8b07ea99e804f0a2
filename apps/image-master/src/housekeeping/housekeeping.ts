import { type Clock, type Logger, repeat } from '@darkroom/service-kit'
import type { LiveConfig } from '../config.ts'
import type { Workers } from '../intake/workers.ts'
import type { WorkQueue } from '../queue/queue.ts'
import { CautiousTime } from './cautious-time.ts'
import { failUndecodable } from './fail-undecodable.ts'
import { OrphanSweeper } from './orphan-sweeper.ts'
import { type SweeperDependencies, sweepExpired } from './sweep-expired.ts'

interface HousekeepingOptions extends Omit<SweeperDependencies, 'signal'> {
  listUploads(): Promise<ReadonlySet<string>>
  queue: Pick<WorkQueue, 'fail' | 'returnWork'>
  workers: Pick<Workers, 'undecodable'>
  settings(): LiveConfig
  sweepMs: number
  orphanSweepMs: number
  orphanAgeMs: number
  clock: Clock
}

/**
 * Until it is closed, deletes expired images and orphans from time to time, and fails images that no worker decodes. Two
 * masters may do this at the same time.
 */
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
    queue,
    workers,
    ...neighbours
  }: HousekeepingOptions) {
    this.#logger = neighbours.logger
    const dependencies = { ...neighbours, signal: this.#closing.signal }
    const time = new CautiousTime(clock)
    const ago = (ms: number) => new Date(time.now() - ms)
    const retentionMs = () => settings().retentionSeconds * 1000
    const orphans = new OrphanSweeper({ ...dependencies, listUploads, ageMs: orphanAgeMs, retentionMs })
    this.#sweeping = Promise.all([
      this.#repeat(sweepMs, 'expired images', 'deleted', () =>
        sweepExpired(ago(retentionMs()), dependencies),
      ),
      this.#repeat(sweepMs, 'images that no worker decodes', 'failed', () =>
        failUndecodable(workers.undecodable(), { ...dependencies, queue }),
      ),
      this.#repeat(orphanSweepMs, 'bytes without a task', 'deleted', () => orphans.sweep()),
    ])
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#sweeping
  }

  #repeat(everyMs: number, what: string, done: string, sweep: () => Promise<number>): Promise<void> {
    return repeat(everyMs, this.#closing.signal, async () => {
      try {
        const count = await sweep()
        if (count > 0) this.#logger.info({ count }, `${what} were ${done}`)
      } catch (error) {
        this.#logger.warn({ err: error }, `${what} could not be ${done}; retrying later`)
      }
    })
  }
}
