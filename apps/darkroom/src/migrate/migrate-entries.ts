import { migrateKv, openKvStore } from '@darkroom/kv-config/migrate'
import { createLogger } from '@darkroom/service-kit'
import type { Migrate } from './migration.ts'
import { nameSome } from './name-some.ts'
import { openStores } from './open-stores.ts'

/** Registrations are not copied: services register again. */
export const migrateEntries: Migrate = async (urls, { signal, progress }) => {
  const logger = createLogger('migrate', 'silent')
  await using stack = new AsyncDisposableStack()
  const open = (url: string) => openKvStore({ url, logger })
  const stores = await openStores(urls, stack, open, store => store.get('ready'))
  const { copied, present, differing, registrations, others } = await migrateKv({
    ...stores,
    signal,
    onProgress: counts => {
      const done = counts.copied + counts.present + counts.differing + counts.registrations
      progress.show({ phase: 'copying', done })
    },
  })
  return [
    `${copied + present + differing} entries, ${copied} of them copied now`,
    ...(differing > 0 ? [`${differing} have another value in the target, and were not changed there`] : []),
    ...(others.length > 0 ? [onlyInTarget(others)] : []),
    ...(registrations > 0 ? [`${registrations} registrations are left out; services register again`] : []),
  ]
}

/** If a key was revoked in the source after an earlier run, the copy of that run would still be valid. */
function onlyInTarget(keys: readonly string[]): string {
  return `${keys.length} entries are only in the target, and stay there: ${nameSome(keys)}. If they were deleted in the source, such as a revoked API key, migrate to an empty target instead`
}
