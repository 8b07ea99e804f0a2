import { setTimeout as delay } from 'node:timers/promises'

/**
 * Repeats `action`: first after `everyMs`, then `everyMs` after each run has ended. Resolves once `signal` is aborted
 * and the current run has ended; rejects with the error that `action` throws.
 */
export async function repeat(
  everyMs: number,
  signal: AbortSignal,
  action: () => Promise<void>,
): Promise<void> {
  for (;;) {
    await delay(everyMs, undefined, { signal }).catch(cause => {
      if (!signal.aborted) throw cause
    })
    if (signal.aborted) return
    await action()
  }
}
