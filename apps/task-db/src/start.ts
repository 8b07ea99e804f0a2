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
  Tally,
} from '@darkroom/service-kit'
import { UnusableFile } from '@darkroom/sqlite'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import type { TaskStore } from './engine/engine.ts'
import { openTaskStore } from './engine/open-store.ts'

export { Config } from './config.ts'

/** Starts the task DB: it listens and is registered. */
export async function start(
  config: Config,
  logger: Logger,
  inProcess?: InProcessServices,
): Promise<RunningService> {
  const url = config.taskStoreUrl ?? `sqlite:${join(config.dataDir, 'task-db.sqlite')}`
  const store = await openStore(url, config, logger)
  const clients = new ServiceClients({ ...config, logger, inProcess })
  const tally = new Tally({ clusterState: clients.clusterState, logger })
  const app = buildApp({ ...config, store, tally, logger })
  const labels = { engine: engineName(url) }
  return startService({ app, name: 'task-db', config, clients, labels, logger, inProcess })
}

function openStore(url: string, config: Config, logger: Logger): Promise<TaskStore> {
  const { taskStoreConnections: connections, taskStoreTimeoutMs: timeoutMs } = config
  return openEngine('TASK_STORE_URL', [UnusableFile, StoreMisconfigured], () =>
    openTaskStore({ url, connections, timeoutMs, logger }),
  )
}
