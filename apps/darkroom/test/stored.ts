import { join } from 'node:path'
import { storedBlobs } from '@darkroom/testing'

/** All blobs that the storage keeps, and its temporary files. */
export function stored(dataDir: string): string[] {
  return storedBlobs(join(dataDir, 'storage'))
}
