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
  if (!isLoopback(config.host)) {
    throw new InvalidConfig([
      `HOST is ${config.host}; the frontend knows no API keys yet, so it is open on loopback only`,
    ])
  }
  const clients = new ServiceClients({ ...config, logger })
  const app = buildApp({ ...config, clients, logger })
  return startService({ app, name: 'frontend', config, clients, logger })
}
