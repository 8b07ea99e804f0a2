import { frontendRoutes } from '@darkroom/contracts'
import type { App, ServiceClients } from '@darkroom/service-kit'
import { ownerSeenBy } from '../access/caller.ts'

export function addIsReadyRoute(app: App, { imageMaster }: Pick<ServiceClients, 'imageMaster'>): void {
  app.route({
    ...frontendRoutes.isReady,
    handler: async ({ query: { id }, caller }, reply) => {
      const owner = ownerSeenBy(caller)
      const { body } = await imageMaster.isReady({
        querystring: { id, ...(owner !== undefined && { owner }) },
      })
      return reply.type('text/plain').code(200).send(body.status)
    },
  })
}
