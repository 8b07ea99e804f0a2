import {
  httpUrl,
  InvalidConfig,
  type Logger,
  type RunningService,
  ServiceClients,
  startService,
} from '@darkroom/service-kit'
import { UnusableFile } from '@darkroom/sqlite'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import type { KvStore } from './engine/engine.ts'
import { openKvStore } from './engine/open-store.ts'

export { Config } from './config.ts'

/** The key-value store, listening and registered in itself. */
export async function start(given: Config, logger: Logger): Promise<RunningService> {
  const config = {
    ...given,
    kvUrl: given.kvUrl ?? given.advertiseUrl ?? httpUrl(given.host, given.port),
  }
  const app = buildApp({ ...config, store: openStore(config, logger), logger })
  const clients = new ServiceClients({ ...config, logger })
  return startService({ app, name: 'kv-config', config, clients, logger })
}

function openStore(config: Config, logger: Logger): KvStore {
  try {
    return openKvStore(config, logger)
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error
    throw new InvalidConfig([`KV_STORE_URL: ${error.message}`])
  }
}
