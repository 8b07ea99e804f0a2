import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { BlobStore } from './engine.ts'
import { FileBlobStore } from './file.ts'

/** The engine that BLOB_STORE_URL names. */
export function openBlobStore(config: Config): Promise<BlobStore> {
  const folder = config.blobStoreUrl?.slice('file:'.length) ?? join(config.dataDir, 'storage')
  return FileBlobStore.open({ folder, minFreeBytes: config.minFreeBytes })
}
