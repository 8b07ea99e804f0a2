import { join } from 'node:path'
import {
  engineName,
  type InProcessServices,
  type Logger,
  openEngine,
  type RunningService,
  ServiceClients,
  StoreMisconfigured,
  startService,
} from '@darkroom/service-kit'
import { UnusableFile } from '@darkroom/sqlite'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import type { BlobStore } from './engine/engine.ts'
import { openBlobStore } from './engine/open-store.ts'

export { Config } from './config.ts'

/** Starts the storage: it listens and is registered. */
export async function start(
  config: Config,
  logger: Logger,
  inProcess?: InProcessServices,
): Promise<RunningService> {
  const { blobStoreUrl: url = `file:${join(config.dataDir, 'storage')}` } = config
  const app = buildApp({ ...config, store: await openStore(url, config, logger), logger })
  const clients = new ServiceClients({ ...config, logger, inProcess })
  const labels = { engine: engineName(url) }
  return startService({ app, name: 'storage', config, clients, labels, logger, inProcess })
}

function openStore(url: string, { minFreeBytes }: Config, logger: Logger): Promise<BlobStore> {
  return openEngine('BLOB_STORE_URL', [UnusableFile, StoreMisconfigured], () =>
    openBlobStore({ url, minFreeBytes, logger }),
  )
}
