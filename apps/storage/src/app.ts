import { type App, createApp, type Logger } from '@darkroom/service-kit'
import type { BlobStore } from './engine/engine.ts'
import { addBlobRoutes } from './routes/blobs.ts'
import { addListingRoutes } from './routes/listing.ts'
import { throwProblem } from './store-problems.ts'

export interface AppDependencies {
  store: BlobStore
  logger: Logger
  clusterToken?: string | undefined
  maxBlobBytes: number
}

/** The storage as an app. Closing it closes the store. */
export function buildApp({ store, logger, clusterToken, maxBlobBytes }: AppDependencies): App {
  const app = createApp(
    { name: 'storage', logger, clusterToken, checkReady: () => store.check().catch(throwProblem) },
    scope => addBlobRoutes(scope, store, { maxBlobBytes }),
    scope => addListingRoutes(scope, store),
  )
  app.addHook('onClose', () => store.close())
  return app
}
