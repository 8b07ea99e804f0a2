import {
  batchedTaskRoutes,
  type Client,
  clusterStateRoutes,
  createClient,
  imageMasterRoutes,
  kvConfigRoutes,
  type Route,
  type ServiceName,
  serviceRoutes,
  storageRoutes,
  type Transport,
  taskDbRoutes,
} from '@darkroom/contracts'
import type { Logger } from '../log/logger.ts'
import { TokenRefused } from '../problems/problems.ts'
import { batchCalls } from './batch-calls.ts'
import { Discovery } from './discovery.ts'
import { createInProcessClient, type InProcessServices } from './in-process.ts'
import { createTransport, fixedAddress, type Resolver } from './transport.ts'
import { Agent } from './undici.ts'
import type { KvClient } from './watch-prefix.ts'

interface ClientOptions {
  kvUrl: string
  clusterToken?: string | undefined
  logger: Logger
  /** How long to retry until a service can be reached, in milliseconds; by default as long as the transport does. */
  timeoutMs?: number
  /** How long a service may take to answer a request, in milliseconds; by default as long as the transport waits. */
  responseTimeoutMs?: number
  /** Services of this process, which are called without HTTP. */
  inProcess?: InProcessServices | undefined
}

/**
 * Typed clients of the other services. Each service is looked up in kv-config when its client is first used. Calls
 * throw TokenRefused if the service has another cluster token.
 */
export class ServiceClients {
  readonly kv: KvClient
  readonly #options: ClientOptions
  readonly #dispatcher = new Agent({ connect: { timeout: 2000 } })
  readonly #found = new Map<ServiceName, { client: unknown; discovery: Discovery }>()

  constructor(options: ClientOptions) {
    this.#options = options
    this.kv = this.#connect('kv-config', kvConfigRoutes, fixedAddress(options.kvUrl))
  }

  get taskDb() {
    return this.#find('task-db', taskDbRoutes, client => batchCalls(client, batchedTaskRoutes))
  }

  get storage() {
    return this.#find('storage', storageRoutes)
  }

  get imageMaster() {
    return this.#find('image-master', { healthz: serviceRoutes.healthz, ...imageMasterRoutes })
  }

  get clusterState() {
    return this.#find('cluster-state', clusterStateRoutes)
  }

  /** A client of one cluster-state node. It sends each request once, and only to this node. */
  clusterStateAt(url: string): Client<typeof clusterStateRoutes> {
    return this.#connect('cluster-state', clusterStateRoutes, fixedAddress(url), 0)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#found.values()].map(({ discovery }) => discovery.close()))
    await this.#dispatcher.destroy()
  }

  #find<Routes extends Record<string, Route>>(
    service: ServiceName,
    routes: Routes,
    improve = (client: Client<Routes>) => client,
  ): Client<Routes> {
    const known = this.#found.get(service)
    if (known) return known.client as Client<Routes>
    const discovery = new Discovery({ kv: this.kv, service, logger: this.#options.logger })
    const { inProcess: services, timeoutMs } = this.#options
    const remote = improve(this.#connect(service, routes, discovery))
    const client = services ? createInProcessClient({ service, routes, services, remote, timeoutMs }) : remote
    this.#found.set(service, { client, discovery })
    return client
  }

  #connect<Routes extends Record<string, Route>>(
    service: ServiceName,
    routes: Routes,
    resolver: Resolver,
    timeoutMs = this.#options.timeoutMs,
  ): Client<Routes> {
    const { clusterToken, responseTimeoutMs } = this.#options
    const dispatcher = this.#dispatcher
    const options = { service, resolver, dispatcher, clusterToken, timeoutMs, responseTimeoutMs }
    return createClient(routes, withoutRefusals(service, createTransport(options)))
  }
}

/**
 * Throws TokenRefused for a 401: no contract declares this status, and the text of the response does not name the service.
 */
function withoutRefusals(service: ServiceName, transport: Transport): Transport {
  return async request => {
    const reply = await transport(request)
    if (reply.statusCode !== 401) return reply
    await reply.body.text()
    throw new TokenRefused(service)
  }
}
