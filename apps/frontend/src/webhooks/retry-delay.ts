/** The number of attempts: the first and its retries. */
export const maxAttempts = 8

/** The pauses after each failed attempt for results that are kept for a day: 12 hours in total. */
const pausesSeconds = [5, 30, 120, 600, 3600, 10_800, 28_800]
const usualKeptSeconds = 86_400
/** The share of the retention in which attempts are made, so that the last attempt comes before the results expire. */
const usableShare = 0.95

interface RetryFacts {
  /** Failed attempts so far. */
  attempts: number
  /** When the image ended, in milliseconds since 1970. */
  endedAt: number
  /** How long the image is kept after its end. */
  keptSeconds: number
  now: number
  /** The Retry-After of the receiver. */
  retryAfterMs?: number | undefined
  /** A random number from 0 to 1. */
  random: number
}

/**
 * The pause before the next attempt in milliseconds, with a random share of a fifth more or less; undefined if there is
 * no further attempt. Results that are kept for less than a day have shorter pauses.
 */
export function retryDelayMs(facts: RetryFacts): number | undefined {
  const { attempts, endedAt, keptSeconds, now, retryAfterMs = 0, random } = facts
  const pause = pausesSeconds[attempts - 1]
  const leftMs = endedAt + keptSeconds * 1000 * usableShare - now
  if (pause === undefined || leftMs <= 0) return undefined
  const usual = pause * 1000 * Math.min(1, keptSeconds / usualKeptSeconds)
  return Math.round(Math.min(Math.max(usual * (0.8 + 0.4 * random), retryAfterMs), leftMs))
}
