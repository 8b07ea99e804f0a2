import { type Client, stages, type storageRoutes, type taskDbRoutes } from '@darkroom/contracts'

interface ImageStores {
  storage: Client<typeof storageRoutes>
  taskDb: Client<typeof taskDbRoutes>
}

/**
 * Deletes an image: first the task, so that no worker continues with it; then its bytes. If the deletion stops in
 * between, the sweeper removes the bytes later. Returns whether there was a task.
 */
export async function deleteImage(id: string, { storage, taskDb }: ImageStores): Promise<boolean> {
  const { status } = await taskDb.deleteTask({ params: { id } })
  await deleteBytes(id, storage)
  return status === 204
}

/** Deletes the original and the result of an image. */
export async function deleteBytes(key: string, storage: ImageStores['storage']): Promise<void> {
  for (const stage of stages) await storage.deleteBlob({ params: { key, stage }, headers: {} })
}
