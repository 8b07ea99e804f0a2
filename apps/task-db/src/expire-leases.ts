import { setTimeout as delay } from 'node:timers/promises'
import { type Logger, repeat } from '@darkroom/service-kit'
import type { TaskStore } from './engine/engine.ts'
import type { Outcomes } from './outcomes.ts'

interface ExpiryOptions {
  store: TaskStore
  outcomes: Pick<Outcomes, 'add'>
  logger: Logger
  expiryCheckMs: number
  /** How long holders may renew their leases after an outage; longer than their pause after a failed renewal. */
  renewalGraceMs?: number
  /** Milliseconds of a clock that is never set back. */
  now?: () => number
}

/**
 * Takes back the tasks whose leases have expired, until `closing` is aborted. While the store doesn't answer, or refuses
 * writes, holders can't renew their leases; so when a write succeeds again, they first get time to renew. They
 * also get it after a pause of this process, for example when its machine was frozen.
 */
export async function expireLeases(
  {
    store,
    outcomes,
    logger,
    expiryCheckMs,
    renewalGraceMs = 5000,
    now = () => performance.now(),
  }: ExpiryOptions,
  closing: AbortSignal,
): Promise<void> {
  let isUnavailable = false
  let isLogged = false
  let lookedAt = now()
  await repeat(expiryCheckMs, closing, async () => {
    const wasPaused = now() - lookedAt > expiryCheckMs + renewalGraceMs
    try {
      if (isUnavailable || wasPaused) {
        await tryWrite(store)
        isUnavailable = false
        await delay(renewalGraceMs, undefined, { signal: closing }).catch(() => undefined)
        if (closing.aborted) return
      }
      const tasks = await store.expireLeases()
      if (isLogged) logger.info('expired leases are taken back again')
      isLogged = false
      for (const task of tasks) {
        outcomes.add(task)
        logger.warn(
          { id: task.id, state: task.state },
          'the lease of a task expired, and the task was taken back',
        )
      }
    } catch (error) {
      if (!isLogged) logger.error({ err: error }, 'expired leases could not be taken back; retrying')
      isUnavailable = isLogged = true
    }
    lookedAt = now()
  })
}

/** Writes a count, which is forgotten at once. A store may be ready, but refuse writes, as on a full disk. */
function tryWrite(store: TaskStore): Promise<void> {
  return store.addCounts([{ minute: 0, name: 'none', count: 0 }], 1)
}
