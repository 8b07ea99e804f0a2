import { type App, ServiceProblem } from '@darkroom/service-kit'
import type { Outbound } from './outbound.ts'

/**
 * Refuses the requests of our own frontends. So an import never fetches from this Darkroom, and a webhook never posts to
 * it, independent of names and proxies.
 */
export function refuseLoops(app: App, { userAgent }: Outbound): void {
  app.addHook('onRequest', async ({ headers }) => {
    if (headers['user-agent'] === userAgent)
      throw new ServiceProblem(403, 'loop-detected', 'this request comes from this Darkroom itself')
  })
}
