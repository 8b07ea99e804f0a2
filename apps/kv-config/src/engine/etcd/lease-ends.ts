import { type Clock, SteadyTime, systemClock } from '@darkroom/service-kit'

/** With so many known, those that have passed are looked for: about 100 bytes each. */
const firstSweep = 1000

/**
 * When leases end, as far as is known: etcd tells it only of one lease at a time, and a listing may hold a thousand.
 * Renewals that went through another copy aren't known, so an end that has passed is asked for again.
 */
export class LeaseEnds {
  readonly #time: SteadyTime
  readonly #ends = new Map<string, number>()
  readonly #asked = new Map<string, Promise<Date>>()
  #sweepAt = firstSweep

  constructor(clock: Clock = systemClock) {
    this.#time = new SteadyTime(clock)
  }

  get size(): number {
    return this.#ends.size
  }

  /** `ask` answers how many seconds are left; all who want to know the same at once ask once. */
  async of(id: string, ask: () => Promise<number>): Promise<Date> {
    const end = this.#ends.get(id)
    if (end !== undefined && end > this.#time.now()) return this.#time.timeOfDay(end)
    const asked = this.#asked.get(id) ?? this.#ask(id, ask).finally(() => this.#asked.delete(id))
    this.#asked.set(id, asked)
    return asked
  }

  /** Passes steadily, whatever the clock is set to. */
  now(): number {
    return this.#time.now()
  }

  /** A lease had so many seconds left at a time as `now()` tells it: when the request was sent, so as not to be late. */
  learn(id: string, at: number, seconds: number): Date {
    const end = at + seconds * 1000
    this.#ends.set(id, end)
    if (this.#ends.size >= this.#sweepAt) this.#sweep()
    return this.#time.timeOfDay(end)
  }

  forget(id: string): void {
    this.#ends.delete(id)
  }

  async #ask(id: string, ask: () => Promise<number>): Promise<Date> {
    const at = this.#time.now()
    return this.learn(id, at, await ask())
  }

  /** The next sweep waits until there are twice as many as are left: what it costs grows with what was learnt. */
  #sweep(): void {
    const now = this.#time.now()
    for (const [id, end] of this.#ends) if (end <= now) this.#ends.delete(id)
    this.#sweepAt = Math.max(firstSweep, 2 * this.#ends.size)
  }
}
