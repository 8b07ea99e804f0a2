import { isIP } from 'node:net'
import { type App, ServiceProblem } from '@darkroom/service-kit'

/**
 * Without API keys, whoever reaches the frontend is trusted. A browser there runs strangers' pages too: those that
 * come by a name of their own (DNS rebinding) or send forms from another site are refused. Plain addresses can't be
 * made to lead elsewhere, so they are let in. Names that are its own can be allowed.
 */
export function refuseStrangeSites(app: App, allowedHosts: ReadonlySet<string>): void {
  app.addHook('onRequest', async request => {
    const name = request.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
    if (name !== 'localhost' && isIP(name) === 0 && !allowedHosts.has(name)) {
      throw new ServiceProblem(
        403,
        'strange-host',
        `this is not ${request.hostname}; ALLOWED_HOSTS can allow it`,
      )
    }
    const isReading = request.method === 'GET' || request.method === 'HEAD'
    if (!isReading && request.headers['sec-fetch-site'] === 'cross-site') {
      throw new ServiceProblem(403, 'cross-site', 'pages of other sites may not do this')
    }
  })
}
