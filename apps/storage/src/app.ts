import { storageRoutes } from '@darkroom/contracts'
import { type App, apiOf, type BodyBounds, bodyBoundsIn, createApp, type Logger } from '@darkroom/service-kit'
import type { BlobStore } from './engine/engine.ts'
import { blobHandlers } from './routes/blobs.ts'
import { listingHandlers } from './routes/listing.ts'
import { throwProblem } from './store-problems.ts'

export interface AppDependencies extends BodyBounds {
  store: BlobStore
  logger: Logger
  clusterToken?: string | undefined
  maxBlobBytes: number
}

/** The storage as an app. Closing it closes the store. */
export function buildApp({ store, logger, clusterToken, maxBlobBytes, ...bounds }: AppDependencies): App {
  const api = apiOf(
    storageRoutes,
    { ...blobHandlers(store, { maxBlobBytes }), ...listingHandlers(store) },
    throwProblem,
  )
  const checkReady = () => store.check().catch(throwProblem)
  const app = createApp({ ...bodyBoundsIn(bounds), name: 'storage', logger, clusterToken, api, checkReady })
  app.addHook('onClose', () => store.close())
  return app
}
