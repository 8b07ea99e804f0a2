import type { Handlers, taskDbRoutes } from '@darkroom/contracts'
import { holdFor } from '@darkroom/service-kit'
import { applyEvent, type CountedStore } from '../apply-event.ts'
import type { ClaimLine } from '../claim-line.ts'

type ClaimHandlers = Pick<Handlers<typeof taskDbRoutes>, 'claimTask' | 'claimGivenTask'>

/** `closing` ends every wait. */
export function claimHandlers(counted: CountedStore, line: ClaimLine, closing: AbortSignal): ClaimHandlers {
  return {
    async claimTask({ querystring: { wait = 0 }, body: { worker, leaseMs, decodes = [] }, signal }) {
      using held = holdFor(wait, signal, closing)
      const task = await line.claim(worker, leaseMs, { timeout: held.signal, gone: signal, decodes })
      return task ? { status: 200, body: task } : { status: 204 }
    },

    async claimGivenTask({ params: { id }, body: { worker, leaseMs, decodes = [] } }) {
      const { task } = await applyEvent(counted, id, { type: 'claim', worker, leaseMs, decodes })
      return { status: 200, body: task }
    },
  }
}
