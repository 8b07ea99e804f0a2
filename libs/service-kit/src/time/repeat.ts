import { setTimeout as delay } from 'node:timers/promises'

/**
 * Does something again and again, each time `everyMs` after the one before has ended, the first time after as
 * long. Resolves once `signal` is aborted and what is under way has ended; rejects with what `action` throws.
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
