import { type Logger, repeat, type ServiceClients } from '@darkroom/service-kit'
import type { AccessMode } from './access/access-mode.ts'
import { Authenticator } from './access/authenticator.ts'
import { ErasedOwners } from './access/erased-owners.ts'
import { GrantStore } from './access/grant-store.ts'
import { SigningKeys } from './access/signing-keys.ts'
import { ChangeFeed } from './events/change-feed.ts'
import { EventHub } from './events/event-hub.ts'
import { IntakeGate } from './intake/intake-gate.ts'
import { KeyRing } from './keys/key-ring.ts'
import { LocalFacts } from './keys/local-facts.ts'
import { noLimits, type RateLimitSettings, RateLimits } from './limits/rate-limits.ts'
import type { Networks } from './outbound/networks.ts'
import { Outbound } from './outbound/outbound.ts'
import { LoadHistory } from './stats/load-history.ts'
import { DeletedUploads } from './uploads/deleted-uploads.ts'
import { Importer } from './uploads/import-image.ts'
import { Presets } from './uploads/presets.ts'
import { startWebhooks } from './webhooks/start-webhooks.ts'

/** How often the callers of event streams are checked: their keys may have ended. */
const streamCheckMs = 1000

export interface PartsOptions {
  clients: Pick<ServiceClients, 'clusterState' | 'imageMaster' | 'kv' | 'storage' | 'taskDb'>
  logger: Logger
  clusterToken?: string | undefined
  accessMode: AccessMode
  limits?: RateLimitSettings
  maxStreamsPerOwner?: number | undefined
  maxGrantsPerOwner?: number | undefined
  /** The URLs that browsers use. */
  publicUrls?: readonly URL[]
  intakeCheckMs: number
  /** The networks that imports and webhooks may reach besides public addresses. */
  networks?: Networks
  /** The facts that are kept outside kv-config. */
  localFacts?: LocalFacts
}

/** Creates the parts that the routes share. `close` ends their background work. */
export function makeParts({
  clients,
  logger,
  clusterToken,
  accessMode,
  limits = noLimits,
  maxStreamsPerOwner,
  maxGrantsPerOwner = 10_000,
  publicUrls = [],
  intakeCheckMs,
  networks,
  localFacts = new LocalFacts({ logger }),
}: PartsOptions) {
  const intake = new IntakeGate({ clusterState: clients.clusterState, logger, checkMs: intakeCheckMs })
  const load = new LoadHistory({ taskDb: clients.taskDb, logger })
  const feed = new ChangeFeed({ taskDb: clients.taskDb, logger })
  const presets = new Presets({ kv: clients.kv, logger })
  const hub = new EventHub({ taskDb: clients.taskDb, feed, logger, maxStreamsPerOwner })
  const outbound = new Outbound({ kv: clients.kv, clusterToken, publicUrls, ...(networks && { networks }) })
  const signing = new SigningKeys({ kv: clients.kv, logger, localFacts })
  const keys = new KeyRing({ kv: clients.kv, logger, localFacts })
  const rates = new RateLimits(limits, logger)
  const onRefusedKey = (address: string) => rates.countRefusedKey(address)
  const authenticator = new Authenticator({ accessMode, keys, signing, logger, onRefusedKey })
  const webhooks = startWebhooks({ clients, feed, outbound, signingKeys: signing, publicUrls, logger })
  const grants = new GrantStore(clients.kv, maxGrantsPerOwner)
  const importer = new Importer(outbound)
  const erased = new ErasedOwners({ clients, keys })
  const deleted = new DeletedUploads({ clients, feed, logger })
  const closing = new AbortController()
  const watching = repeat(streamCheckMs, closing.signal, async () =>
    hub.endWhere(({ caller }) => !authenticator.isStillValid(caller)),
  )
  return {
    intake,
    load,
    feed,
    presets,
    hub,
    outbound,
    importer,
    webhooks,
    signing,
    keys,
    rates,
    authenticator,
    grants,
    deleted,
    erased,
    async close(): Promise<void> {
      closing.abort()
      await webhooks.sender.close()
      await Promise.all([
        ...[deleted, feed, intake, keys, load, outbound, signing].map(part => part.close()),
        watching,
      ])
      await localFacts.close()
    },
  }
}
