import { join } from 'node:path'
import type { Logger } from '@darkroom/service-kit'
import type { Config } from '../config.ts'
import type { KvStore } from './engine.ts'
import { parseEtcdUrl } from './etcd/address.ts'
import { EtcdKvStore } from './etcd/etcd.ts'
import { SqliteKvStore } from './sqlite.ts'

/** What an engine's URL begins with. */
export const storeUrlPattern = '^(sqlite:|etcd://).'

/**
 * The engine that KV_STORE_URL names.
 *
 * @throws InvalidConfig if it names it wrongly
 */
export function openKvStore(config: Pick<Config, 'kvStoreUrl' | 'dataDir'>, logger: Logger): KvStore {
  const { kvStoreUrl, dataDir } = config
  if (kvStoreUrl?.startsWith('etcd:')) return new EtcdKvStore(parseEtcdUrl(kvStoreUrl), logger)
  const path = kvStoreUrl?.slice('sqlite:'.length) ?? join(dataDir, 'kv-config.sqlite')
  return new SqliteKvStore({ path })
}
