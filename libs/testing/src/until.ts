import { setTimeout as delay } from 'node:timers/promises'

/** Long enough to start all services on a machine with a load of 20. */
const defaultTimeoutMs = 180_000

/**
 * Calls `look` repeatedly until it returns a value that is neither undefined nor false.
 *
 * @throws Error after `timeoutMs`, with the description and the last error of `look`
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found> | Found,
  timeoutMs = defaultTimeoutMs,
): Promise<NonNullable<Exclude<Found, false>>> {
  const startedAt = performance.now()
  const deadline = startedAt + timeoutMs
  let cause: unknown
  for (;;) {
    try {
      const found = await look()
      if (found !== undefined && found !== null && found !== false)
        return found as NonNullable<Exclude<Found, false>>
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline)
      throw new Error(`timed out after ${timeoutMs} ms, waiting until ${what}`, { cause })
    await delay(pauseAfter(performance.now() - startedAt))
  }
}

/** In proportion to the wait so far, so that a long wait does not keep a processor busy with looking. */
function pauseAfter(elapsedMs: number): number {
  return Math.min(Math.max(elapsedMs / 10, 10), 250)
}
