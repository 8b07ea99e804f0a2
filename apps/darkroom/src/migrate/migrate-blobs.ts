import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createLogger } from '@darkroom/service-kit'
import { migrateBlobs as copyBlobs, openBlobStore, stageFolders } from '@darkroom/storage/migrate'
import { ExpectedFailure } from '../expected-failure.ts'
import type { Migrate } from './migration.ts'
import { nameSome } from './name-some.ts'
import { openStores } from './open-stores.ts'
import { pathOf } from './store-place.ts'

export const migrateBlobs: Migrate = async (urls, { signal, progress }) => {
  checkIsStorage(urls.from)
  const settings = { minFreeBytes: 0, logger: createLogger('migrate', 'silent') }
  await using stack = new AsyncDisposableStack()
  const open = (url: string) => openBlobStore({ url, ...settings })
  const stores = await openStores(urls, stack, open, store => store.checkReady())
  const onProgress = progress.show.bind(progress)
  const { blobs, copied, newer, damaged } = await copyBlobs({ ...stores, signal, onProgress })
  return [
    `${blobs} originals and results, ${copied} of them copied now`,
    ...(newer > 0 ? [`${newer} are newer in the target, and were not changed there`] : []),
    ...(damaged.length > 0
      ? [`${damaged.length} are damaged, and were not copied: ${nameSome(damaged)}`]
      : []),
  ]
}

/** In another folder, such as DATA_DIR, the engine would create an empty storage, and nothing would be copied. */
function checkIsStorage(url: string): void {
  const folder = pathOf(url)
  if (folder === undefined || existsSync(join(folder, stageFolders.pre))) return
  throw new ExpectedFailure(
    `${folder} is not the folder of a storage: it has no ${stageFolders.pre}; the default is <DATA_DIR>/storage`,
  )
}
