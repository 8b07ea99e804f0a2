import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { StateStore } from './engine.ts'
import { SqliteStateStore } from './sqlite.ts'

/** The engine that STATE_STORE_URL names. @throws UnusableFile */
export function openStateStore(config: Pick<Config, 'stateStoreUrl' | 'dataDir'>): StateStore {
  const path = config.stateStoreUrl?.slice('sqlite:'.length) ?? join(config.dataDir, 'cluster-state.sqlite')
  return new SqliteStateStore({ path })
}
