import { hostname } from 'node:os'
import {
  type InProcessServices,
  InvalidConfig,
  isLoopback,
  type Logger,
  type RunningService,
  ServiceClients,
  startService,
} from '@darkroom/service-kit'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { readPublicUrls } from './public-urls.ts'

export { Config } from './config.ts'

/** The frontend, listening and registered. */
export async function start(
  config: Config,
  logger: Logger,
  inProcess?: InProcessServices,
): Promise<RunningService> {
  checkAudience(config, logger)
  const publicUrls = readPublicUrls(config.publicUrl)
  const allowedHosts = ownNames(config, logger)
  const clients = new ServiceClients({ ...config, logger, inProcess })
  const app = buildApp({ ...config, publicUrls, allowedHosts, clients, logger })
  return startService({ app, name: 'frontend', config, clients, logger, inProcess })
}

/** The name by which other services know it, and those that ALLOWED_HOSTS gives. */
function ownNames({ allowedHosts, advertiseUrl }: Config, logger: Logger): string[] {
  if (allowedHosts !== '')
    logger.warn(
      { allowedHosts },
      'ALLOWED_HOSTS is deprecated; set PUBLIC_URL, such as https://photos.example',
    )
  const registered = advertiseUrl === undefined ? hostname() : new URL(advertiseUrl).hostname
  return [...allowedHosts.split(','), registered].map(name => name.trim().toLowerCase())
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
