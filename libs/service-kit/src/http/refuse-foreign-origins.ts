import type { FastifyInstance } from 'fastify'
import { ServiceProblem } from '../problems/problems.ts'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses writes that a browser sends for pages of other sites (cross-site request forgery). Browsers send `Origin`
 * with every write, and `null` for a page without an origin. It must be the origin of one of the public URLs or, if
 * none is set, name the host of the request. Programs send no `Origin`.
 *
 * Pages of `otherOrigins` may write as programs do: with a key. Their cookies are removed, because `SameSite` does not
 * distinguish the hosts and ports of one site.
 */
export function refuseForeignOrigins(
  app: FastifyInstance,
  publicUrls?: readonly URL[],
  otherOrigins: ReadonlySet<string> = new Set(),
): void {
  const publicOrigins = new Set(publicUrls?.map(url => url.origin))
  const remedy =
    publicUrls && '; add it to CORS_ORIGINS, or to PUBLIC_URL if it is an address of this service'
  app.addHook('onRequest', async ({ method, headers, host = '' }) => {
    const { origin } = headers
    const isOwn =
      origin !== undefined && (publicOrigins.size > 0 ? publicOrigins.has(origin) : namesHost(origin, host))
    const isOther = !isOwn && origin !== undefined && otherOrigins.has(origin)
    if (isOther) delete headers.cookie
    if (isOwn || isOther || safeMethods.has(method)) return
    if (origin === undefined) {
      if (headers['sec-fetch-site'] !== 'cross-site') return
      throw new ServiceProblem(403, 'cross-site', 'pages of other sites may not send this request')
    }
    const detail =
      origin === 'null'
        ? 'this page has no origin, so it may not send this request: open it from a web server, not as a file or in a sandbox'
        : `pages of "${origin}" may not send this request${remedy ?? ''}`
    throw new ServiceProblem(403, 'cross-site', detail)
  })
}

/**
 * Whether an origin belongs to a host. `Host` has no scheme, and a proxy that ends TLS changes the scheme. So the
 * host is read with the scheme of the origin; without a port, it has the default port of that scheme.
 */
function namesHost(origin: string, host: string): boolean {
  const page = URL.parse(origin)
  if (!page || !/^https?:$/.test(page.protocol)) return false
  return URL.parse(`${page.protocol}//${host}`)?.host === page.host
}
