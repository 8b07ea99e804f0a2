import { frontendRoutes } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'
import type { FrontendClients } from './images.ts'

export function addReadinessRoutes(app: App, { imageMaster }: FrontendClients): void {
  app.route({
    ...frontendRoutes.isReady,
    handler: async ({ query }, reply) => {
      const { body } = await imageMaster.isReady({ querystring: query })
      return reply.type('text/plain').code(200).send(body.status)
    },
  })
}
