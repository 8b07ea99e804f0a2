import { type App, createApp, type Logger } from '@darkroom/service-kit'
import { refuseStrangeSites } from './refuse-strange-sites.ts'
import { addBytesRoutes } from './routes/bytes.ts'
import { addImageRoutes, type FrontendClients } from './routes/images.ts'
import { addOperationRoutes } from './routes/operations.ts'
import { addReadinessRoutes } from './routes/readiness.ts'
import { addUploadRoutes } from './routes/uploads.ts'

export interface AppDependencies {
  clients: FrontendClients
  logger: Logger
  clusterToken?: string | undefined
  allowedHosts?: string
}

/** The public face as an app. */
export function buildApp({ clients, logger, clusterToken, allowedHosts = '' }: AppDependencies): App {
  const checkReady = async () => {
    await clients.imageMaster.isReady({ querystring: { id: 'ready' } })
    await clients.taskDb.getStats({})
    await clients.storage.headBlob({ params: { key: 'ready', stage: 'post' }, headers: {} })
  }
  const app = createApp(
    { name: 'frontend', logger, clusterToken, isPublic: true, checkReady },
    scope => addUploadRoutes(scope, clients),
    scope => addImageRoutes(scope, clients),
    scope => addBytesRoutes(scope, clients),
    scope => addReadinessRoutes(scope, clients),
    scope => addOperationRoutes(scope),
  )
  refuseStrangeSites(app, new Set(allowedHosts.split(',').map(name => name.trim())))
  return app
}
