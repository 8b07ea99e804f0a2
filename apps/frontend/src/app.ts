import { frontendRoutes } from '@darkroom/contracts'
import {
  type App,
  type BodyBounds,
  bodyBoundsIn,
  createApp,
  type Logger,
  repeat,
  type ServiceClients,
} from '@darkroom/service-kit'
import { checkReads } from '@darkroom/service-kit/images'
import type { AccessMode } from './access/access-mode.ts'
import { Authenticator } from './access/authenticator.ts'
import { GrantBook } from './access/grant-book.ts'
import { LocalFacts } from './access/local-facts.ts'
import { requireKey } from './access/require-key.ts'
import { SigningKeys } from './access/signing-keys.ts'
import { answerPreflights } from './browsers/cross-origin.ts'
import { headersForBrowsers } from './browsers/headers-for-browsers.ts'
import { ErasedOwners } from './erasure/erased-owners.ts'
import { ChangeFeed } from './events/change-feed.ts'
import { EventHub } from './events/event-hub.ts'
import { Importer } from './import-image.ts'
import { IntakeGate } from './intake-gate.ts'
import { KeyRing } from './keys/key-ring.ts'
import { noLimits, type RateLimitSettings, RateLimits } from './limits/rate-limits.ts'
import { measureIntake } from './measure-intake.ts'
import type { Networks } from './outbound/networks.ts'
import { Outbound } from './outbound/outbound.ts'
import { refuseLoops } from './outbound/refuse-loops.ts'
import type { PageFiles } from './page/page-files.ts'
import { Presets } from './presets.ts'
import { withoutPublicPath } from './public-urls.ts'
import { refuseForeignHosts } from './refuse-foreign-hosts.ts'
import type { UploadLimits } from './resumable/upload-records.ts'
import { addArchiveRoutes } from './routes/archive.ts'
import { addBytesRoutes } from './routes/bytes.ts'
import { addEventRoutes } from './routes/events.ts'
import { addGrantRoutes } from './routes/grants.ts'
import { addImageRoutes, type FrontendClients } from './routes/images.ts'
import { addIntakeRoutes } from './routes/intake.ts'
import { addKeyRoutes } from './routes/keys.ts'
import { addLinkRoutes } from './routes/links.ts'
import { addOperationRoutes } from './routes/operations.ts'
import { addPageRoutes } from './routes/page.ts'
import { addPresetRoutes } from './routes/presets.ts'
import { addReadinessRoutes } from './routes/readiness.ts'
import { addResumableRoutes } from './routes/resumable.ts'
import { addRetryRoutes } from './routes/retry.ts'
import { addSessionRoutes } from './routes/session.ts'
import { addStatsRoutes } from './routes/stats.ts'
import { addUploadRoutes } from './routes/uploads.ts'
import { addWebhookRoutes } from './routes/webhooks.ts'
import { LoadHistory } from './stats/load-history.ts'
import type { TrustProxy } from './trusted-proxies.ts'
import { startWebhooks } from './webhooks/start-webhooks.ts'

/** How often the callers of event streams are checked: a key may have ended. */
const streamCheckMs = 1000

export interface AppDependencies extends BodyBounds {
  clients: FrontendClients & Pick<ServiceClients, 'clusterState' | 'kv'>
  logger: Logger
  clusterToken?: string | undefined
  accessMode: AccessMode
  limits?: RateLimitSettings
  uploads?: UploadLimits
  maxStreamsPerOwner?: number | undefined
  /** The URLs that browsers use. */
  publicUrls?: readonly URL[]
  /** Origins of other sites whose pages may use the API. */
  otherOrigins?: ReadonlySet<string>
  trustProxy?: TrustProxy | undefined
  /** Further host names that requests may have. */
  allowedHosts?: readonly string[]
  intakeCheckMs: number
  /** The networks that imports may reach besides public addresses. */
  networks?: Networks
  /** The facts that are kept outside kv-config. */
  localFacts?: LocalFacts
  /** The built page; undefined if it was not built. */
  page?: PageFiles | undefined
}

/** The public API as an app. */
export function buildApp({
  clients,
  logger,
  clusterToken,
  accessMode,
  limits = noLimits,
  uploads = { uploadExpirySeconds: 86_400, maxUploadsPerOwner: 1000 },
  maxStreamsPerOwner,
  publicUrls = [],
  otherOrigins = new Set(),
  trustProxy,
  allowedHosts = [],
  intakeCheckMs,
  networks,
  localFacts = new LocalFacts({ logger }),
  page,
  ...bounds
}: AppDependencies): App {
  const intake = new IntakeGate({ clusterState: clients.clusterState, logger, checkMs: intakeCheckMs })
  const load = new LoadHistory({ taskDb: clients.taskDb, logger })
  const feed = new ChangeFeed({ taskDb: clients.taskDb, logger })
  const presets = new Presets({ kv: clients.kv, logger })
  const hub = new EventHub({ taskDb: clients.taskDb, feed, logger, maxStreamsPerOwner })
  const outbound = new Outbound({ kv: clients.kv, clusterToken, publicUrls, ...(networks && { networks }) })
  const signingKeys = new SigningKeys({ kv: clients.kv, logger, localFacts })
  const keys = new KeyRing({ kv: clients.kv, logger, localFacts })
  const rates = new RateLimits(limits, logger)
  const onRefusedKey = (address: string) => rates.countRefusedKey(address)
  const authenticator = new Authenticator({ accessMode, keys, signing: signingKeys, logger, onRefusedKey })
  const webhooks = startWebhooks({ clients, feed, outbound, signingKeys, publicUrls, logger })
  const { imageMaster, taskDb } = clients
  const grants = new GrantBook(clients.kv)
  const importer = new Importer(outbound)
  const erased = new ErasedOwners({ clients, keys })
  const uploadClients = { imageMaster, taskDb, presets, importer, outbound, grants, keys, erased }
  const checkReady = async () => {
    // Not its /readyz, which fails while Redis is unavailable: uploads are accepted meanwhile.
    await clients.imageMaster.healthz({})
    await clients.taskDb.getStats({})
    await checkReads(clients.storage)
  }
  const app = createApp(
    {
      ...bodyBoundsIn(bounds),
      name: 'frontend',
      logger,
      clusterToken,
      isPublic: true,
      contract: frontendRoutes,
      publicUrls,
      otherOrigins,
      trustProxy,
      answerHeaders: headersForBrowsers(otherOrigins),
      rewriteUrl: withoutPublicPath(publicUrls),
      checkReady,
    },
    scope => addUploadRoutes(scope, uploadClients, intake, feed, publicUrls),
    scope => addImageRoutes(scope, clients, { feed, grants }, publicUrls),
    scope => addRetryRoutes(scope, clients, publicUrls),
    scope => addEventRoutes(scope, clients, hub, publicUrls),
    scope => addBytesRoutes(scope, clients),
    scope =>
      addLinkRoutes(scope, clients, {
        authenticator,
        signing: signingKeys,
        publicUrls,
        // Requests by links must not use up the rate limit of the key.
        countRequest: ({ ip }, reply) => rates.countRequest({}, ip, reply),
      }),
    scope => addReadinessRoutes(scope, clients),
    scope => addOperationRoutes(scope),
    scope => addPresetRoutes(scope, presets),
    scope => addIntakeRoutes(scope, intake),
    scope => addKeyRoutes(scope, clients),
    scope =>
      addResumableRoutes(scope, clients, intake, {
        ...{ limits: uploads, presets, publicUrls, outbound, grants, keys, erased, logger },
      }),
    scope => addGrantRoutes(scope, { authenticator, grants, keys, signing: signingKeys, presets, outbound }),
    scope => addWebhookRoutes(scope, clients, webhooks, publicUrls),
    scope => addArchiveRoutes(scope, clients),
    scope => addStatsRoutes(scope, { clients, intake, load, logger }),
    scope => addSessionRoutes(scope, { authenticator, keys, signing: signingKeys }),
    scope => addPageRoutes(scope, page),
  )
  measureIntake(app, intake)
  answerPreflights(app, otherOrigins)
  app.addHook('preClose', async () => hub.close()) // otherwise their connections would delay closing
  refuseLoops(app, outbound)
  refuseForeignHosts(app, new Set([...publicUrls.map(({ hostname }) => hostname), ...allowedHosts]))

  requireKey(app, authenticator, ({ caller, ip }, reply) =>
    // Holders of grants must not use up the rate limit of the key.
    rates.countRequest(caller.grant ? { keyId: caller.grant.id } : caller, ip, reply),
  )

  const closing = new AbortController()
  const watching = repeat(streamCheckMs, closing.signal, async () =>
    hub.endWhere(({ caller }) => !authenticator.isStillValid(caller)),
  )
  app.addHook('onClose', async () => {
    closing.abort()
    await webhooks.sender.close()
    await Promise.all([
      feed.close(),
      intake.close(),
      keys.close(),
      load.close(),
      outbound.close(),
      signingKeys.close(),
      watching,
    ])
    await localFacts.close()
  })
  return app
}
