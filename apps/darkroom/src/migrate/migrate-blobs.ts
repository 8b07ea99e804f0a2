import { createLogger } from '@darkroom/service-kit'
import { migrateBlobs as copyBlobs, openBlobStore } from '@darkroom/storage/migrate'
import type { Migrate } from './migration.ts'
import { openStore } from './open-store.ts'

const shownBlobs = 10

export const migrateBlobs: Migrate = async ({ from, to }, { signal, progress }) => {
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

function leftOut(damaged: readonly string[]): string {
  const some = damaged.slice(0, shownBlobs).join(', ') + (damaged.length > shownBlobs ? ', …' : '')
  return `${damaged.length} are damaged, and were not copied: ${some}`
}
