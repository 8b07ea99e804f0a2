import { setTimeout as delay } from 'node:timers/promises'
import type { Client, imageMasterRoutes, Work } from '@darkroom/contracts'
import type { Logger } from '@darkroom/service-kit'

const maxRenewMs = 5000
const minRenewMs = 100

export interface KeptLease {
  /** Aborted, with the reason, when the lease is lost or the task was deleted. */
  readonly lost: AbortSignal
  close(): Promise<void>
}

/**
 * Renews the lease of a task at a third of its time until it is closed or the lease is lost. It goes by the lease's
 * duration, not by its end: clocks of two machines differ, and are set.
 */
export function keepLease(work: Work, master: Client<typeof imageMasterRoutes>, logger: Logger): KeptLease {
  const lost = new AbortController()
  const closing = new AbortController()
  const renewing = renew()

  return {
    lost: lost.signal,
    async close() {
      closing.abort()
      await renewing
    },
  }

  async function renew(): Promise<void> {
    const body = { id: work.id, lease: work.lease.token }
    const renewMs = Math.min(Math.max(work.lease.durationMs / 3, minRenewMs), maxRenewMs)
    while (!closing.signal.aborted && !lost.signal.aborted) {
      await delay(renewMs, undefined, { signal: closing.signal }).catch(() => undefined)
      if (closing.signal.aborted) return
      try {
        const reply = await master.extendWork({ body, signal: closing.signal })
        if (reply.status === 409) lost.abort('the lease ran out, and the task was taken back')
        else if (reply.body.cancelled) lost.abort('the task was deleted')
      } catch (error) {
        if (!closing.signal.aborted)
          logger.warn({ err: error, id: work.id }, 'a lease could not be renewed; trying on')
      }
    }
  }
}
