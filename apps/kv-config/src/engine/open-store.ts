import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { KvStore } from './engine.ts'
import { SqliteKvStore } from './sqlite.ts'

/** The engine that KV_STORE_URL names. */
export function openKvStore(config: Config): KvStore {
  const path = config.kvStoreUrl?.slice('sqlite:'.length) ?? join(config.dataDir, 'kv-config.sqlite')
  return new SqliteKvStore({ path })
}
