import { storageRoutes } from '@darkroom/contracts'
import { type App, PageCursors } from '@darkroom/service-kit'
import type { BlobStore } from '../engine/engine.ts'
import { throwProblem } from '../store-problems.ts'

const cursors = new PageCursors('blobs')

export function addListingRoutes(app: App, store: BlobStore): void {
  app.setErrorHandler(throwProblem)
  app.route({
    ...storageRoutes.listBlobs,
    handler: async ({ query: { stage, limit = 100, cursor } }) => {
      const { blobs, ...page } = cursors.write(
        await store.list(stage, { limit, cursor: cursors.read(cursor) }),
      )
      return { ...page, blobs: blobs.map(blob => ({ ...blob, modifiedAt: blob.modifiedAt.toISOString() })) }
    },
  })
}
