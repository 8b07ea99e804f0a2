/** Both kinds of time. What lasts for a while is measured by `monotonic()`, what people read is told by `now()`. */
export interface Clock {
  /** The time of day, in milliseconds since 1970. An administrator or NTP may set it back or forward at any moment. */
  now(): number
  /** Milliseconds since some moment before. They grow at the pace of real time, whatever the time of day is set to. */
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

/**
 * The time of day as it was at first, which then passes steadily: setting the clock changes nothing. For instants that
 * are stored and compared with each other while the process lives.
 */
export class SteadyTime {
  readonly #clock: Clock
  readonly #start: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#start = clock.now() - clock.monotonic()
  }

  /** In whole milliseconds since 1970. */
  now(): number {
    return Math.round(this.#start + this.#clock.monotonic())
  }

  /** What the clock shows at an instant of this time. It is corrected by whole seconds, so that it stays the same. */
  timeOfDay(instant: number): Date {
    const setByMs = this.#clock.now() - this.now()
    return new Date(instant + Math.round(setByMs / 1000) * 1000)
  }
}
