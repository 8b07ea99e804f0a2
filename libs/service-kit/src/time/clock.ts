/** Two kinds of time: use `monotonic()` to measure durations, and `now()` for times that people read. */
export interface Clock {
  /** The time of day, in milliseconds since 1970. An administrator or NTP may change it at any moment. */
  now(): number
  /**
   * Milliseconds since a moment in the past. They pass at the pace of real time, even if the time of day is changed.
   */
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

/**
 * Starts at the time of day and then passes steadily, even if the clock is set. For instants that are stored and
 * compared with each other while the process lives.
 */
export class SteadyTime {
  readonly #clock: Clock
  readonly #start: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#start = clock.now() - clock.monotonic()
  }

  /** The time in whole milliseconds since 1970. */
  now(): number {
    return Math.round(this.#start + this.#clock.monotonic())
  }

  /** The clock's time for an instant of this time. The difference is in whole seconds, so that it stays the same. */
  timeOfDay(instant: number): Date {
    const setByMs = this.#clock.now() - this.now()
    return new Date(instant + Math.round(setByMs / 1000) * 1000)
  }
}
