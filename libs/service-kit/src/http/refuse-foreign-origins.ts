import type { FastifyInstance } from 'fastify'
import { ServiceProblem } from '../problems/problems.ts'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses writes that pages of other sites ask a browser for (cross-site request forgery). Browsers send `Origin`
 * with every write, and `null` for a page that has none. It must be the origin of one of the public URLs or, if
 * there are none, name the host that was asked. Programs send no `Origin`.
 */
export function refuseForeignOrigins(app: FastifyInstance, publicUrls?: readonly URL[]): void {
  const publicOrigins = new Set(publicUrls?.map(url => url.origin))
  const remedy = publicUrls && '; if this service is reached there, add it to PUBLIC_URL'
  app.addHook('onRequest', async ({ method, headers }) => {
    if (safeMethods.has(method)) return
    const { origin, host = '' } = headers
    if (origin === undefined) {
      if (headers['sec-fetch-site'] !== 'cross-site') return
      throw new ServiceProblem(403, 'cross-site', 'pages of other sites may not do this')
    }
    const isOwn = publicOrigins.size > 0 ? publicOrigins.has(origin) : namesHost(origin, host)
    if (isOwn) return
    throw new ServiceProblem(403, 'cross-site', `pages of "${origin}" may not do this${remedy ?? ''}`)
  })
}

/**
 * Whether an origin is that of a host. `Host` leaves out the scheme, which changes at a proxy that ends TLS: so it is
 * read under the scheme of the origin, and a port left out is the default one of that scheme.
 */
function namesHost(origin: string, host: string): boolean {
  const page = URL.parse(origin)
  if (!page || !/^https?:$/.test(page.protocol)) return false
  return URL.parse(`${page.protocol}//${host}`)?.host === page.host
}
