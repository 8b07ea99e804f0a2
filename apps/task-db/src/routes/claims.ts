import { taskDbRoutes } from '@darkroom/contracts'
import { type App, hangUpSignal, holdSignal } from '@darkroom/service-kit'
import { applyEvent, type CountedStore } from '../apply-event.ts'
import type { ClaimLine } from '../claim-line.ts'

export function addClaimRoutes(app: App, counted: CountedStore, line: ClaimLine): void {
  app.route({
    ...taskDbRoutes.claimTask,
    handler: async ({ query: { wait = 0 }, body: { worker, leaseMs } }, reply) => {
      const task = await line.claim(worker, leaseMs, {
        patience: holdSignal(reply, wait),
        gone: hangUpSignal(reply),
      })
      return task ? reply.code(200).send(task) : reply.code(204).send()
    },
  })

  app.route({
    ...taskDbRoutes.claimGivenTask,
    handler: ({ params: { id }, body }) => applyEvent(counted, id, { type: 'claim', ...body }),
  })
}
