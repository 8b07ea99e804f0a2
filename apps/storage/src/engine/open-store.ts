import { type Engines, engineFor, engineUrlPattern, type Logger } from '@darkroom/service-kit'
import { lockFolder } from '@darkroom/sqlite'
import type { BlobStore } from './engine.ts'
import { FileBlobStore } from './file/file.ts'
import { parseS3Url } from './s3/address.ts'

export interface StoreSettings {
  url: string
  /** File engine: with less free space than this on its disk, it refuses new bytes. */
  minFreeBytes: number
  logger: Logger
}

const engines: Engines<(settings: StoreSettings) => Promise<BlobStore>> = {
  'file:.*': async ({ url, minFreeBytes }) => {
    const folder = url.slice('file:'.length)
    return FileBlobStore.open({ folder, minFreeBytes, lock: lockFolder(folder) })
  },
  's3://.*': async ({ url, logger }) => {
    const location = parseS3Url(url)
    // Imported only when needed: AWS's client takes a third of a second to load, and memory.
    const { S3BlobStore } = await import('./s3/s3.ts')
    return S3BlobStore.open({ location, logger })
  },
}

/** The pattern of store URLs. */
export const storeUrlPattern = engineUrlPattern(engines)

/**
 * Opens the engine for a URL.
 *
 * @throws InvalidConfig if the URL is not valid; UnusableFile; StoreMisconfigured
 */
export function openBlobStore(settings: StoreSettings): Promise<BlobStore> {
  return engineFor(engines, settings.url)(settings)
}
