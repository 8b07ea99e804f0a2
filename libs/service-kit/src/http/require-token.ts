import { createHash, timingSafeEqual } from 'node:crypto'
import { serviceRoutes } from '@darkroom/contracts'
import type { FastifyInstance } from 'fastify'
import { ServiceProblem } from '../problems/problems.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A page for people. Browsers send no bearer token: the password of HTTP Basic does as well, with any name. */
    isForBrowsers?: boolean
  }
}

const openToAll = new Set<string | undefined>([serviceRoutes.healthz.url, serviceRoutes.readyz.url])

/** Routes want the token as RFC 6750 sends it; of a public service, only its metrics do. */
export function requireToken(app: FastifyInstance, token: string, isPublic: boolean): void {
  const expected = digest(token)
  app.addHook('onRequest', async request => {
    const { url, config } = request.routeOptions
    if (openToAll.has(url) || (isPublic && url !== serviceRoutes.metrics.url)) return
    const isForBrowsers = config.isForBrowsers ?? false
    const given = readToken(request.headers.authorization ?? '', isForBrowsers)
    if (timingSafeEqual(digest(given), expected)) return
    throw new ServiceProblem(
      401,
      'unauthorized',
      'this route wants the cluster token: send Authorization: Bearer <token>; it is in <DATA_DIR>/cluster-token, or the value of CLUSTER_TOKEN',
      {
        headers: { 'www-authenticate': isForBrowsers ? 'Basic realm="Darkroom", charset="UTF-8"' : 'Bearer' },
      },
    )
  })
}

/** Empty when there is none. */
function readToken(authorization: string, mayBeBasic: boolean): string {
  if (authorization.startsWith('Bearer ')) return authorization.slice('Bearer '.length)
  if (!mayBeBasic || !authorization.startsWith('Basic ')) return ''
  const userAndPassword = Buffer.from(authorization.slice('Basic '.length), 'base64').toString() // RFC 7617, 2
  return userAndPassword.slice(userAndPassword.indexOf(':') + 1)
}

/** Digests have one length, so that comparing them takes the same time whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
