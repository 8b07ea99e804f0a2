import { timingSafeEqual } from 'node:crypto'
import { serviceRoutes, type WorkerAccess } from '@darkroom/contracts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServiceProblem } from '../problems/problems.ts'
import { deriveWorkerToken } from './worker-token.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Marks a page for people. Browsers send no bearer token, so it also accepts the token as the password of HTTP
     * Basic, with any user name.
     */
    isForBrowsers?: boolean
    /** The access that the worker token has to the route; absent if it has none. */
    worker?: WorkerAccess
  }
}

const openToAll = new Set<string | undefined>([serviceRoutes.healthz.url, serviceRoutes.readyz.url])

/**
 * Requires the token as a bearer token (RFC 6750) on all routes; in a public service, only on its metrics. The worker token
 * opens the routes that the contracts declare for workers. A worker itself has only the worker token, but also accepts the
 * cluster token, from which the worker token is derived.
 */
export function requireToken(app: FastifyInstance, token: string, isPublic: boolean): void {
  const expected = Buffer.from(token)
  const ofWorkers = Buffer.from(deriveWorkerToken(token))
  app.addHook('onRoute', route => {
    const { worker } = route as { worker?: WorkerAccess }
    if (worker !== undefined) route.config = { ...route.config, worker }
  })
  app.addHook('onRequest', async request => {
    const { url, config } = request.routeOptions
    if (openToAll.has(url) || (isPublic && url !== serviceRoutes.metrics.url)) return
    const isForBrowsers = config.isForBrowsers ?? false
    const given = readToken(request.headers.authorization ?? '', isForBrowsers)
    if (isEqual(given, expected)) return
    if (isEqual(given, ofWorkers)) {
      if (isOpenToWorkers(config.worker, request)) return
      throw new ServiceProblem(
        403,
        'not-for-workers',
        'the worker token does not give access to this route; use the cluster token',
      )
    }
    if (given !== '' && isEqual(deriveWorkerToken(given), expected)) return
    throw new ServiceProblem(
      401,
      'unauthorized',
      'this route requires the cluster token: send Authorization: Bearer <token>; the token is the value of CLUSTER_TOKEN, or in <DATA_DIR>/cluster-token',
      {
        headers: { 'www-authenticate': isForBrowsers ? 'Basic realm="Darkroom", charset="UTF-8"' : 'Bearer' },
      },
    )
  })
}

function isOpenToWorkers(worker: WorkerAccess | undefined, { params, query }: FastifyRequest): boolean {
  if (worker === undefined || worker === true) return worker === true
  const given = { ...(query as object), ...(params as object) } as Record<string, unknown>
  return Object.entries(worker).every(([name, prefixes]) => {
    const value = given[name]
    return typeof value === 'string' && prefixes.some(prefix => value.startsWith(prefix))
  })
}

/** The token; empty if there is none. */
function readToken(authorization: string, mayBeBasic: boolean): string {
  if (authorization.startsWith('Bearer ')) return authorization.slice('Bearer '.length)
  if (!mayBeBasic || !authorization.startsWith('Basic ')) return ''
  const userAndPassword = Buffer.from(authorization.slice('Basic '.length), 'base64').toString() // RFC 7617, 2
  return userAndPassword.slice(userAndPassword.indexOf(':') + 1)
}

/** The time that this takes depends on the length of the token, which is not a secret, and not on its characters. */
function isEqual(given: string, token: Buffer): boolean {
  const bytes = Buffer.from(given)
  return bytes.length === token.length && timingSafeEqual(bytes, token)
}
