import {
  engineName,
  type InProcessServices,
  LiveSettings,
  type Logger,
  type RunningService,
  ServiceClients,
  startService,
  Tally,
} from '@darkroom/service-kit'
import { buildApp } from './app.ts'
import { type Config, LiveConfig, liveDefaults } from './config.ts'
import { Workers } from './intake/workers.ts'
import { openQueue } from './queue/open-queue.ts'

export { Config } from './config.ts'

/** Starts the master: it listens and is registered. */
export async function start(
  config: Config,
  logger: Logger,
  inProcess?: InProcessServices,
): Promise<RunningService> {
  const clients = new ServiceClients({ ...config, logger, inProcess })
  const opened = await openQueue(config, { taskDb: clients.taskDb, logger })
  const live = new LiveSettings({
    kv: clients.kv,
    service: 'image-master',
    schema: LiveConfig,
    defaults: liveDefaults(config),
    logger,
  })
  const workers = new Workers({ kv: clients.kv, logger })
  const tally = new Tally({ clusterState: clients.clusterState, logger })
  const app = buildApp({ config, clients, ...opened, workers, tally, settings: () => live.current, logger })
  app.addHook('onClose', () => live.close())
  const labels = { engine: engineName(config.queueUrl) }
  return startService({ app, name: 'image-master', config, clients, labels, logger, inProcess })
}
