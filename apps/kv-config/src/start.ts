import { join } from 'node:path'
import {
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
  const app = buildApp({ ...config, store: await openStore(config, logger), logger })
  const clients = new ServiceClients({ ...config, logger })
  return startService({ app, name: 'kv-config', config, clients, logger })
}

function openStore({ kvStoreUrl, dataDir }: Config, logger: Logger): Promise<KvStore> {
  const url = kvStoreUrl ?? `sqlite:${join(dataDir, 'kv-config.sqlite')}`
  return openEngine('KV_STORE_URL', [UnusableFile], () => openKvStore({ url, logger }))
}
