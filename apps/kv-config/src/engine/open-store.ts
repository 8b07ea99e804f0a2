import { type Engines, engineFor, engineUrlPattern, type Logger } from '@darkroom/service-kit'
import type { KvStore } from './engine.ts'
import { parseEtcdUrl } from './etcd/address.ts'
import { EtcdKvStore } from './etcd/etcd.ts'
import { SqliteKvStore } from './sqlite.ts'

export interface StoreSettings {
  url: string
  logger: Logger
}

const engines: Engines<(settings: StoreSettings) => KvStore> = {
  'sqlite:.+': ({ url }) => new SqliteKvStore({ path: url.slice('sqlite:'.length) }),
  'etcd://.+': ({ url, logger }) => new EtcdKvStore(parseEtcdUrl(url), logger),
}

/** The pattern of store URLs. */
export const storeUrlPattern = engineUrlPattern(engines)

/**
 * Opens the engine for a URL. If etcd doesn't answer, the store waits for it.
 *
 * @throws InvalidConfig if the URL is not valid; UnusableFile
 */
export function openKvStore(settings: StoreSettings): KvStore {
  return engineFor(engines, settings.url)(settings)
}
