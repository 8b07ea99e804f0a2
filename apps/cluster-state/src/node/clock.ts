import { type Clock as ReadableClock, systemClock as readableClock } from '@darkroom/service-kit'

/** Passed as an argument, so that a simulation can run hours in seconds. */
export interface Clock extends ReadableClock {
  /** Calls `run` once, after `ms` milliseconds; returns a function that cancels the timer. */
  setTimer(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  ...readableClock,
  setTimer(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
