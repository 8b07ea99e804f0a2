import { type Logger, type RunningService, ServiceClients, startService } from '@darkroom/service-kit'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { openTaskStore } from './engine/open-store.ts'

export { Config } from './config.ts'

/** The task DB, listening and registered. */
export async function start(config: Config, logger: Logger): Promise<RunningService> {
  const clients = new ServiceClients({ ...config, logger })
  const app = buildApp({ ...config, store: openTaskStore(config), logger })
  return startService({ app, name: 'task-db', config, clients, logger })
}
