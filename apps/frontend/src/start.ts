import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import {
  type InProcessServices,
  isLoopback,
  type Logger,
  type RunningService,
  ServiceClients,
  startService,
} from '@darkroom/service-kit'
import { type AccessMode, accessModeOf } from './access/access-mode.ts'
import { buildApp } from './app.ts'
import { readOrigins } from './browsers/cross-origin.ts'
import type { Config } from './config.ts'
import { LocalFacts } from './keys/local-facts.ts'
import { readNetworks } from './outbound/networks.ts'
import { loadPageFiles } from './page/page-files.ts'
import { readPublicUrls } from './public-urls.ts'
import { readTrustProxy } from './trusted-proxies.ts'

export { Config } from './config.ts'

/** The folder of the built page of apps/web. */
const pageFolder = fileURLToPath(new URL('../../web/dist', import.meta.url))

/** Starts the frontend: it listens and is registered. */
export async function start(
  config: Config,
  logger: Logger,
  inProcess?: InProcessServices,
): Promise<RunningService> {
  const accessMode = accessModeOf(config)
  logAccessMode(accessMode, config, logger)
  const publicUrls = readPublicUrls(config.publicUrl)
  const otherOrigins = readOrigins(config.corsOrigins)
  const trustProxy = readTrustProxy(config.trustProxy)
  const allowedHosts = ownNames(config, logger)
  const networks = readNetworks(config.outboundNetworks)
  const clients = new ServiceClients({ ...config, logger, inProcess })
  const localFacts = new LocalFacts({ folder: config.dataDir, logger })
  const page = await loadPageFiles(pageFolder, logger)
  const app = buildApp({
    ...config,
    publicUrls,
    otherOrigins,
    trustProxy,
    allowedHosts,
    networks,
    accessMode,
    limits: config,
    uploads: config,
    localFacts,
    page,
    clients,
    logger,
  })
  return startService({ app, name: 'frontend', config, clients, logger, inProcess })
}

/** The registered name of this frontend, and the names of ALLOWED_HOSTS. */
function ownNames({ allowedHosts, advertiseUrl }: Config, logger: Logger): string[] {
  if (allowedHosts !== '')
    logger.warn(
      { allowedHosts },
      'ALLOWED_HOSTS is deprecated; set PUBLIC_URL, such as https://photos.example',
    )
  const registered = advertiseUrl === undefined ? hostname() : new URL(advertiseUrl).hostname
  return [...allowedHosts.split(','), registered].map(name => name.trim().toLowerCase())
}

function logAccessMode(
  accessMode: AccessMode,
  { allowAnonymous, auth, host, publishedOn = host }: Config,
  logger: Logger,
): void {
  if (allowAnonymous) logger.warn('ALLOW_ANONYMOUS is deprecated; set AUTH=open')
  if (isLoopback(publishedOn)) return
  if (accessMode === 'open')
    logger.warn({ host: publishedOn }, 'AUTH=open: every client that can reach this address can use Darkroom')
  else if (auth === undefined)
    logger.warn(
      { host: publishedOn },
      'requests need an API key, because other machines may reach this address; to create the first key: npx darkroom keys create --role operator',
    )
}
