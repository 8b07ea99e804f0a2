import { storageRoutes } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'
import type { BlobStore } from '../engine/engine.ts'
import { throwProblem } from '../store-problems.ts'

export function addListingRoutes(app: App, store: BlobStore): void {
  app.setErrorHandler(throwProblem)
  app.route({
    ...storageRoutes.listBlobs,
    handler: async ({ query: { stage, limit = 100, cursor } }) => {
      const { blobs, ...page } = await store.list(stage, { limit, cursor })
      return { ...page, blobs: blobs.map(blob => ({ ...blob, modifiedAt: blob.modifiedAt.toISOString() })) }
    },
  })
}
