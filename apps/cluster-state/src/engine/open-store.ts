import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { StateStore } from './engine.ts'
import { SqliteStateStore } from './sqlite.ts'

type StateSettings = Pick<Config, 'stateStoreUrl' | 'dataDir'>

/** Opens the engine for STATE_STORE_URL. @throws UnusableFile */
export function openStateStore(config: StateSettings): StateStore {
  return new SqliteStateStore({ path: statePathOf(config) })
}

/** The path of the engine's file. */
export function statePathOf({ stateStoreUrl, dataDir }: StateSettings): string {
  return stateStoreUrl?.slice('sqlite:'.length) ?? join(dataDir, 'cluster-state.sqlite')
}
