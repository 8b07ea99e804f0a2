import type { NewKey } from '@darkroom/contracts'
import { createLogger } from '@darkroom/service-kit'
import type { Owner } from '@darkroom/testing'
import { type HttpRequest, type HttpResponse, RecordedLog, until } from '@darkroom/testing'
import type { AccessMode } from '../../src/access/access-mode.ts'
import { KeyStore } from '../../src/keys/manage-keys.ts'
import type { RateLimitSettings } from '../../src/limits/rate-limits.ts'
import type { Networks } from '../../src/outbound/networks.ts'
import type { UploadLimits } from '../../src/resumable/upload-records.ts'
import { type Frontend, startFrontend } from '../start-frontend.ts'

export interface Guarded extends Frontend {
  store: KeyStore
  log: RecordedLog
  /** Creates a key, and waits until the frontend accepts it. */
  makeKey(given?: NewKey): Promise<{ id: string; key: string }>
  askWith(key: string, path: string, request?: HttpRequest): Promise<HttpResponse>
}

/** Starts a frontend that requires keys. */
export async function startGuarded(
  owner: Owner,
  options: {
    accessMode?: AccessMode
    limits?: RateLimitSettings
    networks?: Networks
    uploads?: UploadLimits
    maxStreamsPerOwner?: number
    maxGrantsPerOwner?: number
    settings?: Record<string, string>
  } = {},
): Promise<Guarded> {
  const { settings, ...others } = options
  const log = new RecordedLog()
  const logger = createLogger('frontend', 'trace', log)
  const frontend = await startFrontend(owner, settings, { accessMode: 'keys', logger, ...others })
  const store = new KeyStore(frontend.clients.kv)
  const askWith: Guarded['askWith'] = (key, path, { headers, ...request } = {}) =>
    frontend.ask(path, { ...request, headers: { authorization: `Bearer ${key}`, ...headers } })
  const makeKey = async (given: NewKey = {}) => {
    const made = await store.create(given, 'a test')
    if (given.expiresAt === undefined || Date.parse(given.expiresAt) > Date.now())
      await until('the key is known', async () => (await askWith(made.key, '/operations')).status === 200)
    return made
  }
  return { ...frontend, store, log, askWith, makeKey }
}
