import { type App, ServiceProblem } from '@darkroom/service-kit'
import type { Outbound } from './outbound.ts'

/**
 * Refuses requests from our own frontends. So an import never fetches from this Darkroom, and a webhook is never sent to it,
 * whatever the names and proxies.
 */
export function refuseLoops(app: App, { userAgent }: Outbound): void {
  app.addHook('onRequest', async ({ headers }) => {
    if (headers['user-agent'] === userAgent)
      throw new ServiceProblem(403, 'loop-detected', 'this request comes from this Darkroom itself')
  })
}
