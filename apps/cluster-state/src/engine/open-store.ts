import { join } from 'node:path'
import { type Engines, engineFor, engineUrlPattern } from '@darkroom/service-kit'
import type { StateStore } from './engine.ts'
import { SqliteStateStore } from './sqlite.ts'

interface StateSettings {
  stateStoreUrl?: string | undefined
  dataDir: string
}

const engines: Engines<(url: string) => StateStore> = {
  'sqlite:.+': url => new SqliteStateStore({ path: url.slice('sqlite:'.length) }),
}

/** The pattern of STATE_STORE_URL. */
export const storeUrlPattern = engineUrlPattern(engines)

/** Opens the engine for STATE_STORE_URL. @throws UnusableFile */
export function openStateStore(settings: StateSettings): StateStore {
  const url = settings.stateStoreUrl ?? `sqlite:${statePathOf(settings)}`
  return engineFor(engines, url)(url)
}

/** The path of the file of the SQLite engine. */
export function statePathOf({ stateStoreUrl, dataDir }: StateSettings): string {
  return stateStoreUrl?.slice('sqlite:'.length) ?? join(dataDir, 'cluster-state.sqlite')
}
