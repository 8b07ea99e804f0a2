import { frontendRoutes } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'
import { ownerSeenBy } from '../access/caller.ts'
import type { FrontendClients } from './images.ts'

export function addIsReadyRoute(app: App, { imageMaster }: FrontendClients): void {
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
