import { type Clock as ReadableClock, systemClock as readableClock } from '@darkroom/service-kit'

/** Time by argument, so that a simulation can run hours in seconds. */
export interface Clock extends ReadableClock {
  /** Calls once, after so many milliseconds; returns what cancels it. */
  setTimer(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  ...readableClock,
  setTimer(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
