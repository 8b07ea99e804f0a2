import { type App, createApp, type Logger } from '@darkroom/service-kit'
import { addBytesRoutes } from './routes/bytes.ts'
import { addImageRoutes, type FrontendClients } from './routes/images.ts'
import { addOperationRoutes } from './routes/operations.ts'
import { addReadinessRoutes } from './routes/readiness.ts'
import { addUploadRoutes } from './routes/uploads.ts'

export interface AppDependencies {
  clients: FrontendClients
  logger: Logger
  clusterToken?: string | undefined
}

/** The public face as an app. */
export function buildApp({ clients, logger, clusterToken }: AppDependencies): App {
  const app = createApp({
    name: 'frontend',
    logger,
    clusterToken,
    isPublic: true,
    checkReady: async () => {
      await clients.imageMaster.isReady({ querystring: { id: 'ready' } })
      await clients.taskDb.getStats({})
      await clients.storage.listBlobs({ querystring: { stage: 'post', limit: 1 } })
    },
  })
  // Plugins load in turn: OpenAPI hears of routes that come after it.
  app.register(async scope => addUploadRoutes(scope, clients))
  app.register(async scope => {
    addImageRoutes(scope, clients)
    addBytesRoutes(scope, clients)
    addReadinessRoutes(scope, clients)
    addOperationRoutes(scope)
  })
  return app
}
