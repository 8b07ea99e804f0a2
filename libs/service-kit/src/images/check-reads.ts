import type { Client, storageRoutes } from '@darkroom/contracts'

/** A key that no image has: ids of images are UUIDs. */
const absentKey = 'absent'

/**
 * Rejects while blobs can't be read, by asking for one that does not exist. The storage's own /readyz would not do: it
 * fails for half a minute after a refused write, while reads work. The blob of an image would not do either: that blob
 * alone may be the reason of a failure.
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
