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
 * The time of day as it is now, which then passes steadily: setting the clock changes nothing. For instants that are
 * stored and compared with each other while the process lives, in whole milliseconds since 1970.
 */
export function steadyTime(clock: Clock): () => number {
  const start = clock.now() - clock.monotonic()
  return () => Math.round(start + clock.monotonic())
}
