import { storageRoutes } from '@darkroom/contracts'
import {
  type App,
  apiOf,
  type BodyBounds,
  bodyBoundsIn,
  createApp,
  Gauge,
  type Logger,
} from '@darkroom/service-kit'
import type { BlobStore } from './engine/engine.ts'
import { readHandlers } from './routes/get-blobs.ts'
import { listingHandlers } from './routes/listing.ts'
import { writeHandlers } from './routes/put-blobs.ts'
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
    { ...writeHandlers(store, { maxBlobBytes }), ...readHandlers(store), ...listingHandlers(store) },
    throwProblem,
  )
  const checkReady = () => store.checkReady().catch(throwProblem)
  const app = createApp({ ...bodyBoundsIn(bounds), name: 'storage', logger, clusterToken, api, checkReady })
  measureDisk(app, store)
  app.addHook('onClose', () => store.close())
  return app
}

function measureDisk(app: App, store: BlobStore): void {
  new Gauge({
    name: 'darkroom_disk_bytes',
    help: 'Size and free space of the disk that the images are on; absent with S3',
    labelNames: ['kind'],
    registers: [app.metrics],
    async collect() {
      this.reset()
      const disk = await store.disk()
      if (!disk) return
      this.set({ kind: 'free' }, disk.freeBytes)
      this.set({ kind: 'total' }, disk.totalBytes)
    },
  })
}
