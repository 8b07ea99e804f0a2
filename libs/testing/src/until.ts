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
  const deadline = performance.now() + timeoutMs
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
    await delay(10)
  }
}
