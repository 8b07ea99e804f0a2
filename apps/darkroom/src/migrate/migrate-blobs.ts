import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createLogger } from '@darkroom/service-kit'
import { migrateBlobs as copyBlobs, openBlobStore, stageFolders } from '@darkroom/storage/migrate'
import { ExpectedFailure } from '../expected-failure.ts'
import type { Migrate } from './migration.ts'
import { openStore } from './open-store.ts'
import { pathOf } from './store-place.ts'

const shownBlobs = 10

export const migrateBlobs: Migrate = async ({ from, to }, { signal, progress }) => {
  checkIsStorage(from)
  const settings = { minFreeBytes: 0, logger: createLogger('migrate', 'silent') }
  await using stores = new AsyncDisposableStack()
  const open = (url: string) =>
    openStore(
      url,
      stores,
      () => openBlobStore({ url, ...settings }),
      store => store.checkReady(),
    )
  const source = await open(from)
  const target = await open(to)
  const onProgress = progress.show.bind(progress)
  const { blobs, copied, newer, damaged } = await copyBlobs({ from: source, to: target, signal, onProgress })
  return [
    `${blobs} originals and results, ${copied} of them copied now`,
    ...(newer > 0 ? [`${newer} are newer in the target, and were not changed there`] : []),
    ...(damaged.length > 0 ? [leftOut(damaged)] : []),
  ]
}

/** In another folder, such as DATA_DIR, the engine would make an empty storage, and nothing would be copied. */
function checkIsStorage(url: string): void {
  const folder = pathOf(url)
  if (folder === undefined || existsSync(join(folder, stageFolders.pre))) return
  throw new ExpectedFailure(
    `${folder} is not the folder of a storage: it has no ${stageFolders.pre}; the default is <DATA_DIR>/storage`,
  )
}

function leftOut(damaged: readonly string[]): string {
  const some = damaged.slice(0, shownBlobs).join(', ') + (damaged.length > shownBlobs ? ', …' : '')
  return `${damaged.length} are damaged, and were not copied: ${some}`
}
