import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { ServiceName } from '@darkroom/contracts'
import type { InProcessServices, OfferedService } from '../clients/in-process.ts'
import { type Labels, Registration } from '../clients/registration.ts'
import type { ServiceClients } from '../clients/service-clients.ts'
import type { App } from '../http/app.ts'
import type { Logger } from '../log/logger.ts'
import { type CommonConfig, httpUrl, InvalidConfig, isLoopback } from '../settings/config.ts'
import { listen } from './listen.ts'

export interface RunningService {
  name: ServiceName
  url: string
  /** Deregisters, stops accepting, lets requests under way end, closes what the app holds. Idempotent. */
  close(): Promise<void>
}

/** Makes an app listen and registers it under its name. Takes over the app and the clients: closes both. */
export async function startService(options: {
  app: App
  name: ServiceName
  config: CommonConfig
  clients: ServiceClients
  logger: Logger
  /** Whose other services call this one without HTTP. */
  inProcess?: InProcessServices | undefined
  /** Under which it registers; one of its own for each start unless given. */
  instance?: string
  /** What else its registration says. */
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
    const mistake = `CLUSTER_TOKEN is not set; without one HOST must be a loopback address, not ${host}`
    throw new InvalidConfig([mistake])
  }
  logger.warn('no CLUSTER_TOKEN: every program on this machine can use this service')
}

/** Nobody finds a service at a wildcard; its host's name is what containers on one network resolve. */
function listeningUrl(app: App, host: string): string {
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the app listens, but has no port')
  return httpUrl(wildcards.has(host) ? hostname() : address.address, address.port)
}
