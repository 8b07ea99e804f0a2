import type { Client, StoredBlob, storageRoutes } from '@darkroom/contracts'
import { type Logger, ServiceProblem } from '@darkroom/service-kit'

export async function storeOriginal(
  storage: Client<typeof storageRoutes>,
  key: string,
  contentType: string,
  body: AsyncIterable<Uint8Array> | Uint8Array,
): Promise<StoredBlob> {
  const reply = await storage.putBlob({
    params: { key, stage: 'pre' },
    querystring: {},
    headers: { 'content-type': contentType },
    body,
  })
  if (reply.status === 201) return reply.body
  throw ServiceProblem.relay(reply)
}

export async function discardOriginal(
  key: string,
  { storage, logger }: { storage: Client<typeof storageRoutes>; logger: Logger },
): Promise<void> {
  try {
    await storage.deleteBlob({ params: { key, stage: 'pre' }, headers: {} })
  } catch (error) {
    logger.warn({ err: error, id: key }, 'could not delete the bytes of a refused upload; the sweeper will')
  }
}
