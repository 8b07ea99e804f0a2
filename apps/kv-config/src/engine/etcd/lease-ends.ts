import { type Clock, SteadyTime, systemClock } from '@darkroom/service-kit'

/** When this many ends are known, the expired ends are removed. Each takes about 100 bytes. */
const firstSweep = 1000

/**
 * The known ends of leases: etcd reports the end of only one lease per request, and a listing may contain a thousand. This
 * copy doesn't know of renewals by another copy, so it queries an end that has passed again.
 */
export class LeaseEnds {
  readonly #time: SteadyTime
  readonly #ends = new Map<string, number>()
  readonly #queries = new Map<string, Promise<Date>>()
  #sweepAt = firstSweep

  constructor(clock: Clock = systemClock) {
    this.#time = new SteadyTime(clock)
  }

  get size(): number {
    return this.#ends.size
  }

  /** `readSeconds` returns the seconds left; simultaneous callers for one lease share a query. */
  async endOf(id: string, readSeconds: () => Promise<number>): Promise<Date> {
    const end = this.#ends.get(id)
    if (end !== undefined && end > this.#time.now()) return this.#time.timeOfDay(end)
    const running =
      this.#queries.get(id) ?? this.#query(id, readSeconds).finally(() => this.#queries.delete(id))
    this.#queries.set(id, running)
    return running
  }

  /** Doesn't jump when the clock is set. */
  now(): number {
    return this.#time.now()
  }

  /**
   * Records that a lease had `seconds` left at the time `at` of `now()`: when the request was sent, so that the end
   * is never too late.
   */
  record(id: string, at: number, seconds: number): Date {
    const end = at + seconds * 1000
    this.#ends.set(id, end)
    if (this.#ends.size >= this.#sweepAt) this.#sweep()
    return this.#time.timeOfDay(end)
  }

  forget(id: string): void {
    this.#ends.delete(id)
  }

  async #query(id: string, readSeconds: () => Promise<number>): Promise<Date> {
    const at = this.#time.now()
    return this.record(id, at, await readSeconds())
  }

  /** The next sweep runs when the number has doubled, so the cost is proportional to the number of recorded leases. */
  #sweep(): void {
    const now = this.#time.now()
    for (const [id, end] of this.#ends) if (end <= now) this.#ends.delete(id)
    this.#sweepAt = Math.max(firstSweep, 2 * this.#ends.size)
  }
}
