import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { ServiceName } from '@darkroom/contracts'
import type { InProcessServices, OfferedService } from '../clients/in-process.ts'
import { type Labels, Registration } from '../clients/registration.ts'
import type { ServiceClients } from '../clients/service-clients.ts'
import type { App } from '../http/app.ts'
import type { Logger } from '../log/logger.ts'
import { type CommonConfig, httpUrl, InvalidConfig, isLoopback } from '../settings/config.ts'
import { listen, listeningAddress } from './listen.ts'

export interface RunningService {
  name: ServiceName
  url: string
  /** Deregisters, stops accepting, waits for requests in progress, closes what the app owns. Idempotent. */
  close(): Promise<void>
}

/** Makes an app listen and registers it under its name. It owns the app and the clients from now on: it closes both. */
export async function startService(options: {
  app: App
  name: ServiceName
  config: CommonConfig
  clients: ServiceClients
  logger: Logger
  /** The services of this process that call this service without HTTP. */
  inProcess?: InProcessServices | undefined
  /** The name of the instance; by default random, new for each start. */
  instance?: string
  /** Further fields of its registration. */
  labels?: Labels
}): Promise<RunningService> {
  const { app, name, config, clients, logger, inProcess, labels = {} } = options
  const { instance = `${hostname()}-${randomUUID()}` } = options
  let offered: OfferedService | undefined
  app.addHook('preClose', async () => offered?.close())
  try {
    checkExposure(config, logger)
    await listen(app, config)
  } catch (error) {
    await app.close()
    await clients.close()
    throw error
  }
  if (app.api) offered = inProcess?.offer(name, app.api, logger)
  const url = config.advertiseUrl ?? listeningUrl(app, config.host)
  const registration = new Registration({ kv: clients.kv, service: name, instance, url, labels, logger })
  const close = async () => {
    await registration.close()
    await app.close()
    await clients.close()
  }
  let closed: Promise<void> | undefined
  return { name, url, close: () => (closed ??= close()) }
}

const wildcards = new Set(['0.0.0.0', '::'])

function checkExposure({ clusterToken, host }: CommonConfig, logger: Logger): void {
  if (clusterToken !== undefined) return
  if (!isLoopback(host)) {
    const mistake = `CLUSTER_TOKEN is not set, and HOST ${host} is reachable from other machines: set CLUSTER_TOKEN, or HOST=127.0.0.1`
    throw new InvalidConfig([mistake])
  }
  logger.warn('no CLUSTER_TOKEN: every program on this machine can use this service')
}

/**
 * A wildcard address can't be called from elsewhere, so the name of the host is used: containers on one network can
 * resolve it.
 */
function listeningUrl(app: App, host: string): string {
  const { address, port } = listeningAddress(app)
  return httpUrl(wildcards.has(host) ? hostname() : address, port)
}
