import type { Handlers, storageRoutes } from '@darkroom/contracts'
import { PageCursors } from '@darkroom/service-kit'
import type { BlobStore } from '../engine/engine.ts'

const cursors = new PageCursors('blobs')

export function listingHandlers(
  store: BlobStore,
): Pick<Handlers<typeof storageRoutes>, 'listBlobs' | 'getStats'> {
  return {
    async getStats() {
      const disk = await store.disk()
      return { status: 200, body: { ...(disk && { disk }) } }
    },

    async listBlobs({ querystring: { stage, limit = 100, cursor } }) {
      const page = await store.list(stage, { limit, cursor: cursors.read(cursor) })
      const { blobs, ...rest } = cursors.write(page)
      const listed = blobs.map(blob => ({ ...blob, modifiedAt: blob.modifiedAt.toISOString() }))
      return { status: 200, body: { ...rest, blobs: listed } }
    },
  }
}
