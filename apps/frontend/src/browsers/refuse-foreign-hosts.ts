import { isIP } from 'node:net'
import { serviceRoutes } from '@darkroom/contracts'
import { type App, ServiceProblem } from '@darkroom/service-kit'

/** Load balancers may request these with any host name. */
const healthChecks = new Set<string | undefined>([serviceRoutes.healthz.url, serviceRoutes.readyz.url])

/**
 * Without API keys, every client that can reach the frontend is trusted. But a browser there also runs pages of other sites,
 * whose owners could let their own host name resolve to the frontend (DNS rebinding). So unknown host names are refused. IP
 * addresses are allowed, because DNS can't redirect them. So are requests without a host, which browsers never send.
 */
export function refuseForeignHosts(app: App, allowedHosts: ReadonlySet<string>): void {
  app.addHook('onRequest', async ({ hostname: named, headers, originalUrl, raw, routeOptions }) => {
    if (countHosts(raw.rawHeaders) > 1)
      throw new ServiceProblem(400, 'invalid-request', 'the request has several Host headers; send one')
    if (healthChecks.has(routeOptions.url)) return
    // A proxy may pass on the X-Forwarded-Host of its client, so Host must be allowed as well.
    const direct = URL.parse(`http://${headers.host ?? ''}`)?.hostname ?? named
    // If the target of a request is a complete URL, it has priority over Host (RFC 9112, 3.2.2).
    const asked = originalUrl.startsWith('/') ? direct : (URL.parse(originalUrl)?.hostname ?? direct)
    const hostname = [asked, named].find(each => !isOwn(each, allowedHosts))
    if (hostname === undefined) return
    const detail = `host "${hostname}" is not allowed; add its URL to PUBLIC_URL, such as http://${hostname}`
    throw new ServiceProblem(403, 'host-not-allowed', detail)
  })
}

function isOwn(hostname: string, allowedHosts: ReadonlySet<string>): boolean {
  // A dot at the end makes a name absolute; it is the same name (RFC 3986, 3.2.2).
  const name = hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase()
  return name === '' || name === 'localhost' || isIP(name) !== 0 || allowedHosts.has(name)
}

function countHosts(rawHeaders: readonly string[]): number {
  return rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === 'host').length
}
