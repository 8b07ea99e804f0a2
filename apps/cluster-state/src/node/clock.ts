/** Time by argument, so that a simulation can run hours in seconds. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls once, after so many milliseconds; returns what cancels it. */
  setTimer(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  setTimer(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
