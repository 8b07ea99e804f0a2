import { isMainThread, parentPort } from 'node:worker_threads'
import { develop } from '@darkroom/image-worker/develop'

/** Swaps an image's red and blue as a worker does; gives the size of the result. As a thread, of each it is sent. */
export async function developSwapped(image: Uint8Array): Promise<number> {
  const limits = { maxPixels: 50_000_000, maxUnpackedBytes: 512 * 1024 * 1024, processingMs: 60_000 }
  const { bytes } = await develop(image, [{ name: 'swap-channels', order: 'bgr' }], limits)
  return bytes.length
}

if (!isMainThread)
  parentPort?.on('message', async image => parentPort?.postMessage(await developSwapped(image)))
