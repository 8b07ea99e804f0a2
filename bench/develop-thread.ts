import { once } from 'node:events'
import { parentPort, Worker } from 'node:worker_threads'
import { develop } from '@darkroom/image-worker/develop'

export const limits = { maxPixels: 50_000_000, maxUnpackedBytes: 512 * 1024 * 1024, processingMs: 60_000 }

/** Swaps an image's red and blue like a worker; returns the size of the result in bytes. */
export async function developSwapped(image: Uint8Array): Promise<number> {
  const { bytes } = await develop(image, [{ name: 'swap-channels', order: 'bgr' }], limits)
  return bytes.length
}

/** A thread that develops one image after the other. */
export class DevelopThread {
  readonly #worker = new Worker(new URL(import.meta.url))

  async develop(image: Uint8Array): Promise<number> {
    this.#worker.postMessage(image)
    const [size] = await once(this.#worker, 'message')
    return size
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

parentPort?.on('message', async image => parentPort?.postMessage(await developSwapped(image)))
