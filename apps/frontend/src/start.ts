import { hostname } from 'node:os'
import {
  InvalidConfig,
  isLoopback,
  type Logger,
  type RunningService,
  ServiceClients,
  startService,
} from '@darkroom/service-kit'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'

export { Config } from './config.ts'

/** The frontend, listening and registered. */
export async function start(config: Config, logger: Logger): Promise<RunningService> {
  checkAudience(config, logger)
  const clients = new ServiceClients({ ...config, logger })
  const app = buildApp({ ...config, allowedHosts: ownNames(config), clients, logger })
  return startService({ app, name: 'frontend', config, clients, logger })
}

/** Names that it was given, and those by which other services know it. */
function ownNames({ allowedHosts, advertiseUrl }: Config): string {
  const registered = advertiseUrl === undefined ? hostname() : new URL(advertiseUrl).hostname
  return `${allowedHosts},${registered.toLowerCase()}`
}

function checkAudience({ host, allowAnonymous }: Config, logger: Logger): void {
  if (isLoopback(host)) return
  if (!allowAnonymous) {
    throw new InvalidConfig([
      `HOST is ${host}; without API keys the frontend is open on loopback only, or anywhere by ALLOW_ANONYMOUS=true`,
    ])
  }
  logger.warn({ host }, 'ALLOW_ANONYMOUS: whoever reaches this address can use it')
}
