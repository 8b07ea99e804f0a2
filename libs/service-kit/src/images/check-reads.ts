import type { Client, storageRoutes } from '@darkroom/contracts'

/** A key that no image has: ids of images are UUIDs. */
const absentKey = 'absent'

/**
 * Rejects while blobs can't be read. To find out, it requests a blob that does not exist. The storage's own /readyz is not
 * suitable, because it fails for half a minute after a refused write, while reads work. The blob of an image is not suitable
 * either, because a damaged blob would look like an outage.
 */
export async function checkReads(
  storage: Pick<Client<typeof storageRoutes>, 'headBlob'>,
  signal?: AbortSignal,
): Promise<void> {
  await storage.headBlob({
    params: { key: absentKey, stage: 'pre' },
    headers: {},
    ...(signal && { signal }),
  })
}
