import { type Client, outputKey, type storageRoutes, type Task, type taskDbRoutes } from '@darkroom/contracts'

interface ImageStores {
  storage: Client<typeof storageRoutes>
  taskDb: Client<typeof taskDbRoutes>
}

/**
 * Deletes an image: first the task, so that no worker continues with it; then its bytes. If the deletion is interrupted in
 * between, the sweeper removes the bytes later. Returns whether there was a task.
 */
export async function deleteImage(
  { id, variants = {} }: Pick<Task, 'id' | 'variants'>,
  { storage, taskDb }: ImageStores,
): Promise<boolean> {
  const { status } = await taskDb.deleteTask({ params: { id } })
  await deleteBytes(id, Object.keys(variants), storage)
  return status === 204
}

/** Deletes the original, the result and the named variants of an image. */
export async function deleteBytes(
  id: string,
  variants: readonly string[],
  storage: ImageStores['storage'],
): Promise<void> {
  const developed = [undefined, ...variants].map(
    name => ({ key: outputKey(id, name), stage: 'post' }) as const,
  )
  for (const params of [{ key: id, stage: 'pre' } as const, ...developed])
    await storage.deleteBlob({ params, headers: {} })
}
