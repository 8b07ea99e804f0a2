import { join } from 'node:path'
import { InvalidConfig, type Logger } from '@darkroom/service-kit'
import { lockFolder, UnusableFile } from '@darkroom/sqlite'
import type { Config } from '../config.ts'
import { type BlobStore, StoreMisconfigured } from './engine.ts'
import { FileBlobStore } from './file.ts'
import { parseS3Url } from './s3-url.ts'

/**
 * The engine that BLOB_STORE_URL names.
 *
 * @throws InvalidConfig when the URL is wrong, or what it names refuses us or is another process's
 */
export async function openBlobStore(config: Config, logger: Logger): Promise<BlobStore> {
  const { blobStoreUrl = `file:${join(config.dataDir, 'storage')}` } = config
  if (blobStoreUrl.startsWith('s3:')) return openBucket(blobStoreUrl, logger)
  const folder = blobStoreUrl.slice('file:'.length)
  return FileBlobStore.open({ folder, minFreeBytes: config.minFreeBytes, lock: own(folder) })
}

function own(folder: string): Disposable {
  try {
    return lockFolder(folder)
  } catch (error) {
    if (error instanceof UnusableFile) throw new InvalidConfig([`BLOB_STORE_URL: ${error.message}`])
    throw error
  }
}

async function openBucket(url: string, logger: Logger): Promise<BlobStore> {
  const place = parseS3Url(url)
  // Only now: AWS's client takes a third of a second to load, and memory that the file store doesn't need.
  const { S3BlobStore } = await import('./s3.ts')
  try {
    return await S3BlobStore.open({ place, logger })
  } catch (error) {
    if (error instanceof StoreMisconfigured) throw new InvalidConfig([`BLOB_STORE_URL: ${error.message}`])
    throw error
  }
}
