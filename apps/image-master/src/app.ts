import { imageMasterRoutes } from '@darkroom/contracts'
import {
  type App,
  apiOf,
  bodyBoundsIn,
  type Clock,
  createApp,
  type Logger,
  type ServiceClients,
  systemClock,
  type Tally,
} from '@darkroom/service-kit'
import { checkReads, deleteBytes } from '@darkroom/service-kit/images'
import type { Config, LiveConfig } from './config.ts'
import { Housekeeping } from './housekeeping/housekeeping.ts'
import { listUploads } from './housekeeping/list-uploads.ts'
import { InlineBytes } from './inline-bytes.ts'
import { Admission } from './intake/admission.ts'
import { TaskIds } from './intake/task-ids.ts'
import type { Workers } from './intake/workers.ts'
import type { OpenedQueue } from './queue/queue-engine.ts'
import { UnwantedWork } from './queue/unwanted-work.ts'
import { imageHandlers } from './routes/images.ts'
import { intakeHandlers } from './routes/intake.ts'
import { workHandlers } from './routes/work.ts'

export interface AppDependencies extends OpenedQueue {
  config: Config
  clients: Pick<ServiceClients, 'kv' | 'storage' | 'taskDb'>
  workers: Pick<Workers, 'requireDecoder' | 'undecodable' | 'close'>
  settings(): LiveConfig
  /** Counts the accepted images and their bytes. */
  tally: Pick<Tally, 'add' | 'close'>
  logger: Logger
  clock?: Clock
}

/** The master as an app. Closing it ends the housekeeping, and closes the queue, `workers` and the tally. */
export function buildApp({
  config,
  clients: { kv, storage, taskDb },
  workers,
  queue,
  addTo: addQueueTo = () => undefined,
  settings,
  tally,
  logger,
  clock = systemClock,
}: AppDependencies): App {
  const admission = new Admission(taskDb)
  const ids = new TaskIds({
    clock,
    newest: async () => (await taskDb.listTasks({ querystring: { limit: 1 } })).body.tasks[0]?.id,
  })
  const checkReady = async () => {
    await queue.checkReady()
    await taskDb.getStats({})
    await checkReads(storage)
  }
  const closing = new AbortController()
  const unwanted = new UnwantedWork({ queue, logger, closing: closing.signal })
  const api = apiOf(imageMasterRoutes, {
    ...intakeHandlers({
      ...config,
      storage,
      taskDb,
      queue,
      workers,
      admission,
      ids,
      tally,
      settings,
      logger,
    }),
    ...workHandlers({
      queue,
      unwanted,
      inlineBytes: new InlineBytes(storage, logger),
      discardResults: (id, variants) => deleteBytes(id, variants, storage),
      closing: closing.signal,
    }),
    ...imageHandlers({ storage, taskDb }),
  })
  const { clusterToken } = config
  const app = createApp(
    { ...bodyBoundsIn(config), name: 'image-master', logger, clusterToken, api, closing, checkReady },
    addQueueTo,
  )

  const housekeeping = new Housekeeping({
    ...config,
    storage,
    taskDb,
    listUploads: () => listUploads(kv),
    queue,
    workers,
    settings,
    logger,
    clock,
  })
  app.addHook('onClose', async () => {
    await housekeeping.close()
    await unwanted.ended()
    await queue.close()
    await workers.close()
    await tally.close()
  })
  return app
}
