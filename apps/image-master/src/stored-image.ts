import type { Client, storageRoutes } from '@darkroom/contracts'
import type { ByteSource } from '@darkroom/image-header'
import { retryLater } from '@darkroom/service-kit'

type StorageClient = Client<typeof storageRoutes>

/** Reads parts of a stored original; parts within its head need no request. */
export function storedImage(
  storage: StorageClient,
  { key, bytes, head }: { key: string; bytes: number; head: Uint8Array },
): ByteSource {
  return {
    size: bytes,
    async read(offset, length) {
      const end = Math.min(offset + length, bytes)
      if (end <= head.length) return head.subarray(offset, end)
      const stored = await storage.getBlob({
        params: { key, stage: 'pre' },
        headers: { range: `bytes=${offset}-${end - 1}` },
      })
      if (stored.status === 206) return stored.body.bytes()
      throw retryLater(
        503,
        'original-gone',
        `the storage answered ${stored.status} for bytes it just stored`,
        1,
      )
    },
  }
}
