import { join } from 'node:path'
import { lockFolder } from '@darkroom/sqlite'
import type { Config } from '../config.ts'
import type { BlobStore } from './engine.ts'
import { FileBlobStore } from './file.ts'

/** The engine that BLOB_STORE_URL names. @throws FolderInUse when another process has its folder */
export async function openBlobStore(config: Config): Promise<BlobStore> {
  const folder = config.blobStoreUrl?.slice('file:'.length) ?? join(config.dataDir, 'storage')
  return FileBlobStore.open({ folder, minFreeBytes: config.minFreeBytes, lock: lockFolder(folder) })
}
