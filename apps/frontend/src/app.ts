import {
  type App,
  type BodyBounds,
  bodyBoundsIn,
  createApp,
  type Logger,
  type ServiceClients,
} from '@darkroom/service-kit'
import { ChangeFeed } from './events/change-feed.ts'
import { EventHub } from './events/event-hub.ts'
import { IntakeGate } from './intake-gate.ts'
import { withoutPublicPath } from './public-urls.ts'
import { refuseForeignHosts } from './refuse-foreign-hosts.ts'
import { addBytesRoutes } from './routes/bytes.ts'
import { addEventRoutes } from './routes/events.ts'
import { addImageRoutes, type FrontendClients } from './routes/images.ts'
import { addOperationRoutes } from './routes/operations.ts'
import { addReadinessRoutes } from './routes/readiness.ts'
import { addRetryRoutes } from './routes/retry.ts'
import { addUploadRoutes } from './routes/uploads.ts'

export interface AppDependencies extends BodyBounds {
  clients: FrontendClients & Pick<ServiceClients, 'clusterState'>
  logger: Logger
  clusterToken?: string | undefined
  /** Where browsers reach it. */
  publicUrls?: readonly URL[]
  /** Names by which it is reached besides. */
  allowedHosts?: readonly string[]
  intakeCheckMs: number
}

/** The public face as an app. */
export function buildApp({
  clients,
  logger,
  clusterToken,
  publicUrls = [],
  allowedHosts = [],
  intakeCheckMs,
  ...bounds
}: AppDependencies): App {
  const intake = new IntakeGate({ clusterState: clients.clusterState, logger, checkMs: intakeCheckMs })
  const feed = new ChangeFeed({ taskDb: clients.taskDb, logger })
  const hub = new EventHub({ taskDb: clients.taskDb, feed, logger })
  const checkReady = async () => {
    await clients.imageMaster.isReady({ querystring: { id: 'ready' } })
    await clients.taskDb.getStats({})
    await clients.storage.headBlob({ params: { key: 'ready', stage: 'post' }, headers: {} })
  }
  const app = createApp(
    {
      ...bodyBoundsIn(bounds),
      name: 'frontend',
      logger,
      clusterToken,
      isPublic: true,
      publicUrls,
      rewriteUrl: withoutPublicPath(publicUrls),
      checkReady,
    },
    scope => addUploadRoutes(scope, clients, intake, publicUrls),
    scope => addImageRoutes(scope, clients, publicUrls),
    scope => addRetryRoutes(scope, clients, publicUrls),
    scope => addEventRoutes(scope, clients, hub, publicUrls),
    scope => addBytesRoutes(scope, clients),
    scope => addReadinessRoutes(scope, clients),
    scope => addOperationRoutes(scope),
  )
  app.addHook('preClose', async () => hub.close()) // or their connections would hold the closing up
  app.addHook('onClose', () => feed.close())
  app.addHook('onClose', () => intake.close())
  refuseForeignHosts(app, new Set([...publicUrls.map(({ hostname }) => hostname), ...allowedHosts]))
  return app
}
