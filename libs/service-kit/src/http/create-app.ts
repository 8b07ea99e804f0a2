import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http'
import {
  type Access,
  commonProblems,
  openApiOf,
  type Route,
  type RouteSchema,
  type ServedRoute,
  serviceRoutes,
} from '@darkroom/contracts'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyBaseLogger, type FastifyServerOptions, LogController } from 'fastify'
import { continueWhenRead } from '../bodies/awaited-bodies.ts'
import { type AbortResponses, type BodyBounds, requireProgress } from '../bodies/body-progress.ts'
import type { Logger } from '../log/logger.ts'
import { answerWithProblems, refusedPathHandler } from '../problems/problem-responses.ts'
import { refusedMessageHandler, refuseExpectations, refuseTunnels } from '../problems/refuse-message.ts'
import { parseJsonOf } from './accept-bodies.ts'
import { answerInTurn } from './answer-in-turn.ts'
import type { Api } from './api.ts'
import type { App } from './app.ts'
import { refuseWhileClosing } from './closing.ts'
import { answerHalfClosed } from './half-closed.ts'
import { ignoreUselessContentType } from './ignore-content-type.ts'
import { measureReadiness, measureRequests, processMetrics } from './metrics.ts'
import { Registry } from './prom-client.ts'
import { refuseCodings } from './refuse-codings.ts'
import { refuseForeignOrigins } from './refuse-foreign-origins.ts'
import { requireToken } from './require-token.ts'
import { serve } from './serve.ts'
import { schemaController } from './validation.ts'

export interface AppOptions extends BodyBounds {
  name: string
  logger: Logger
  /** Bearer token of the routes; undefined leaves them open. */
  clusterToken?: string | undefined
  /** Whether the service's own routes need no token, as in the frontend. Metrics always need the token. */
  isPublic?: boolean
  /** The URLs that browsers use. Without any, the host of the request counts. */
  publicUrls?: readonly URL[] | undefined
  /** Origins of other sites whose pages may write, too. */
  otherOrigins?: ReadonlySet<string> | undefined
  /** Proxies whose X-Forwarded headers are used. */
  trustProxy?: FastifyServerOptions['trustProxy'] | undefined
  /** The headers of every response, also of errors; routes may replace them. */
  responseHeaders?: (headers: IncomingHttpHeaders) => Record<string, string>
  isRepeatedOnlyAfter5xx?: AbortResponses['isRepeatedOnlyAfter5xx']
  /** The path and query of a request in the form that the routes match. */
  rewriteUrl?: (request: IncomingMessage) => string
  /** The service's own routes. */
  api?: Api
  /** The names of routes without an `api`, for OpenAPI. */
  contract?: Readonly<Record<string, Route>>
  /** Aborted when the app begins to close: for handlers that hold responses back. */
  closing?: AbortController
  /** Rejects while something that the service depends on doesn't answer. */
  checkReady(): Promise<void>
}

/**
 * The Fastify app of a service: contracts, problems, token, health, metrics, OpenAPI, and its own routes. Each
 * of `addRoutes` has a scope of its own.
 */
export function createApp(options: AppOptions, ...addRoutes: ((scope: App) => void)[]): App {
  const { responseHeaders = () => ({}) } = options
  const app = fastify({
    loggerInstance: options.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // There is rarely more than one log line about a request, so an id and a logger for each request would be a waste.
    genReqId: () => '',
    childLoggerFactory: logger => logger,
    return503OnClosing: false, // closing.ts has better responses
    // A body may take any time while it makes progress (body-progress.ts).
    requestTimeout: 0,
    // Longer than blocking reads are held (55 s), and longer than any body may stall.
    connectionTimeout: Math.max(120_000, 3 * (options.bodyStallMs ?? 0)),
    http: {
      requireHostHeader: false, // health checks of load balancers leave it out, and not only in HTTP/1.0
      headersTimeout: 60_000,
      // Between services, long lists of operations are in the query.
      ...(!options.isPublic && { maxHeaderSize: 128 * 1024 }),
    },
    routerOptions: { maxParamLength: 1024 },
    schemaController,
    ...(options.rewriteUrl && { rewriteUrl: options.rewriteUrl }),
    ...(options.trustProxy !== undefined && { trustProxy: options.trustProxy }),
    frameworkErrors: refusedPathHandler(responseHeaders),
    clientErrorHandler: refusedMessageHandler(responseHeaders),
  }).withTypeProvider<TypeBoxTypeProvider>() as App

  app.decorate('metrics', new Registry())
  app.decorate('api', options.api && withHealth(options.api))
  // The first hook, so that errors of later hooks have these headers, too.
  app.addHook('onRequest', async (request, reply) => void reply.headers(responseHeaders(request.headers)))
  answerInTurn(app)
  measureRequests(app)
  measureReadiness(app, options.checkReady)
  answerWithProblems(app)
  refuseExpectations(app.server as Server, responseHeaders)
  refuseTunnels(app.server as Server, responseHeaders)
  continueWhenRead(app.server as Server)
  if (options.isPublic) answerHalfClosed(app.server as Server)
  refuseWhileClosing(app, options.isPublic ?? false, options.closing ?? new AbortController())
  requireProgress(app, { ...options, responseHeaders }, options.isPublic ?? false)
  ignoreUselessContentType(app)
  refuseCodings(app)
  refuseForeignOrigins(app, options.publicUrls, options.otherOrigins)
  if (options.clusterToken !== undefined) requireToken(app, options.clusterToken, options.isPublic ?? false)
  const served = collectRoutes(app, { ...serviceRoutes, ...(options.contract ?? options.api?.routes) })
  parseJsonOf(app, 'application/json')
  app.register(async scope => addServiceRoutes(scope, options, served))
  const { api } = options
  if (api) app.register(async scope => serve(api)(scope))
  for (const add of addRoutes) app.register(async scope => add(scope))
  return app
}

/** Lists the routes that have a contract, for OpenAPI. `contract` has their names. */
function collectRoutes(app: App, contract: Readonly<Record<string, Route>>): readonly ServedRoute[] {
  const names = new Map(Object.entries(contract).map(([name, { method, url }]) => [`${method} ${url}`, name]))
  const served: ServedRoute[] = []
  app.addHook('onRoute', route => {
    const { method, url, access, schema } = route as typeof route & { access?: Access; schema?: RouteSchema }
    if (!schema?.response) return
    // Fastify adds HEAD for every GET by itself.
    const methods = [method].flat().filter(each => each !== 'HEAD' || names.has(`HEAD ${url}`))
    for (const each of methods)
      served.push({ method: each, url, schema, access, name: names.get(`${each} ${url}`) })
  })
  return served
}

const alive = { status: 'alive' }

/** The handlers that services of the same process can call: those of the service's own routes, and of its health check. */
function withHealth(api: Api): Api {
  const healthz = async () => ({ status: 200, body: alive })
  return { ...api, handlers: { healthz, ...api.handlers } }
}

function bearerOf({ isPublic = false }: AppOptions): string {
  return isPublic
    ? 'An API key; /metrics needs the cluster token. A Darkroom that is open needs neither'
    : 'The cluster token'
}

function addServiceRoutes(app: App, options: AppOptions, routes: readonly ServedRoute[]): void {
  const { checkReady, name, publicUrls = [] } = options
  const isAlive = async () => alive
  const isReady = async () => {
    await checkReady()
    return { status: 'ready' }
  }
  app.route({ ...serviceRoutes.healthz, handler: isAlive })
  app.route({ ...serviceRoutes.readyz, handler: isReady })
  // HAProxy's default method for health checks.
  const hidden = { config: { access: 'anyone' } } as const
  app.options(serviceRoutes.healthz.url, hidden, isAlive)
  app.options(serviceRoutes.readyz.url, hidden, isReady)
  app.route({
    ...serviceRoutes.metrics,
    handler: async (_request, reply) => {
      reply.type(app.metrics.contentType)
      return Registry.merge([app.metrics, processMetrics()]).metrics()
    },
  })
  app.get('/openapi.json', hidden, async () => {
    const servers = publicUrls.length > 0 ? publicUrls.map(({ href }) => href.replace(/\/$/, '')) : ['/']
    // Generated on each request, which takes milliseconds, instead of being kept in memory.
    return openApiOf({
      title: `Darkroom ${name}`,
      routes,
      bearer: bearerOf(options),
      servers,
      ...(options.isPublic && { commonProblems }),
    })
  })
}
