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

/** What the URL of a store looks like. */
export const storeUrlPattern = engineUrlPattern(engines)

/**
 * The engine that a URL names. An etcd that doesn't answer is waited for.
 *
 * @throws InvalidConfig for a URL that is wrong; UnusableFile
 */
export function openKvStore(settings: StoreSettings): KvStore {
  return engineFor(engines, settings.url)(settings)
}
