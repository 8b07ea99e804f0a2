import { join } from 'node:path'
import {
  engineName,
  httpUrl,
  type Logger,
  openEngine,
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

/** Starts kv-config: it listens and is registered in itself. */
export async function start(given: Config, logger: Logger): Promise<RunningService> {
  const config = {
    ...given,
    kvUrl: given.kvUrl ?? given.advertiseUrl ?? httpUrl(given.host, given.port),
  }
  const url = config.kvStoreUrl ?? `sqlite:${join(config.dataDir, 'kv-config.sqlite')}`
  const app = buildApp({ ...config, store: await openStore(url, logger), logger })
  const clients = new ServiceClients({ ...config, logger })
  const labels = { engine: engineName(url) }
  return startService({ app, name: 'kv-config', config, clients, labels, logger })
}

function openStore(url: string, logger: Logger): Promise<KvStore> {
  return openEngine('KV_STORE_URL', [UnusableFile], () => openKvStore({ url, logger }))
}
