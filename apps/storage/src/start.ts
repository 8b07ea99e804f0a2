import {
  type InProcessServices,
  type Logger,
  type RunningService,
  ServiceClients,
  startService,
} from '@darkroom/service-kit'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { openBlobStore } from './engine/open-store.ts'

export { Config } from './config.ts'

/** The storage, listening and registered. */
export async function start(
  config: Config,
  logger: Logger,
  inProcess?: InProcessServices,
): Promise<RunningService> {
  const app = buildApp({ ...config, store: await openBlobStore(config, logger), logger })
  const clients = new ServiceClients({ ...config, logger, inProcess })
  return startService({ app, name: 'storage', config, clients, logger, inProcess })
}
