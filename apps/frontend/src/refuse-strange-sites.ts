import { type App, isLoopback, ServiceProblem } from '@darkroom/service-kit'

/**
 * Without API keys, only this machine's own programs are trusted. A browser on it runs strangers' pages too: those
 * that come by a name of their own (DNS rebinding) or send forms from another site are refused. Names that a proxy
 * uses can be allowed.
 */
export function refuseStrangeSites(app: App, allowedHosts: ReadonlySet<string>): void {
  app.addHook('onRequest', async request => {
    const name = request.hostname.replace(/^\[(.*)\]$/, '$1')
    if (!isLoopback(name) && !allowedHosts.has(request.hostname)) {
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
