import { frontendRoutes } from '@darkroom/contracts'
import { type App, type BodyBounds, bodyBoundsIn, createApp } from '@darkroom/service-kit'
import { checkReads } from '@darkroom/service-kit/images'
import { requireKey } from './access/require-key.ts'
import { answerPreflights } from './browsers/cross-origin.ts'
import { headersForBrowsers } from './browsers/headers-for-browsers.ts'
import { refuseForeignHosts } from './browsers/refuse-foreign-hosts.ts'
import { measureIntake } from './intake/measure-intake.ts'
import { refuseLoops } from './outbound/refuse-loops.ts'
import type { PageFiles } from './page/page-files.ts'
import { makeParts, type PartsOptions } from './parts.ts'
import { withoutPublicPath } from './public-urls.ts'
import { isOfTus } from './resumable/tus-headers.ts'
import type { UploadLimits } from './resumable/upload-records.ts'
import { addArchiveRoutes } from './routes/archive.ts'
import { addBytesRoutes } from './routes/bytes.ts'
import { addEventRoutes } from './routes/events.ts'
import { addGrantRoutes } from './routes/grants.ts'
import { addImageRoutes } from './routes/images.ts'
import { addIntakeRoutes } from './routes/intake.ts'
import { addIsReadyRoute } from './routes/is-ready.ts'
import { addKeyRoutes } from './routes/keys.ts'
import { addLinkRoutes } from './routes/links.ts'
import { addOperationRoutes } from './routes/operations.ts'
import { addPageRoutes } from './routes/page.ts'
import { addPresetRoutes } from './routes/presets.ts'
import { addResumableRoutes } from './routes/resumable.ts'
import { addRetryRoutes } from './routes/retry.ts'
import { addSessionRoutes } from './routes/session.ts'
import { addStatsRoutes } from './routes/stats.ts'
import { addUploadRoutes } from './routes/uploads.ts'
import { addWebhookRoutes } from './routes/webhooks.ts'
import type { TrustProxy } from './trusted-proxies.ts'

export interface AppDependencies extends BodyBounds, PartsOptions {
  uploads?: UploadLimits
  /** Origins of other sites whose pages may use the API. */
  otherOrigins?: ReadonlySet<string>
  trustProxy?: TrustProxy | undefined
  /** Further host names that requests may have. */
  allowedHosts?: readonly string[]
  /** The built page; undefined if it was not built. */
  page?: PageFiles | undefined
}

/** The public API as an app. */
export function buildApp(dependencies: AppDependencies): App {
  const { clients, logger, clusterToken, publicUrls = [], otherOrigins = new Set(), page } = dependencies
  const { uploads = { uploadExpirySeconds: 86_400, maxUploadsPerOwner: 1000 } } = dependencies
  const { trustProxy, allowedHosts = [] } = dependencies
  const { imageMaster, taskDb } = clients
  const parts = makeParts(dependencies)
  const { intake, load, feed, presets, hub, outbound, webhooks } = parts
  const { signing, keys, rates, authenticator, grants, deleted } = parts
  const checkReady = async () => {
    // Not its /readyz, which fails while Redis is unavailable: uploads are accepted meanwhile.
    await clients.imageMaster.healthz({})
    await clients.taskDb.getStats({})
    await checkReads(clients.storage)
  }
  const app = createApp(
    {
      ...bodyBoundsIn(dependencies),
      name: 'frontend',
      logger,
      clusterToken,
      isPublic: true,
      contract: frontendRoutes,
      publicUrls,
      otherOrigins,
      trustProxy,
      responseHeaders: headersForBrowsers(otherOrigins),
      isRepeatedOnlyAfter5xx: isOfTus,
      rewriteUrl: withoutPublicPath(publicUrls),
      checkReady,
    },
    scope => addUploadRoutes(scope, { imageMaster, taskDb, ...parts }, intake, feed, publicUrls),
    scope => addImageRoutes(scope, clients, { feed, grants, deleted }, publicUrls),
    scope => addRetryRoutes(scope, clients, publicUrls),
    scope => addEventRoutes(scope, clients, hub, publicUrls),
    scope => addBytesRoutes(scope, clients),
    scope =>
      addLinkRoutes(scope, clients, {
        authenticator,
        signing,
        publicUrls,
        // Requests by links must not use up the rate limit of the key.
        countRequest: ({ ip }, reply) => rates.countRequest({}, ip, reply),
      }),
    scope => addIsReadyRoute(scope, clients),
    scope => addOperationRoutes(scope),
    scope => addPresetRoutes(scope, presets),
    scope => addIntakeRoutes(scope, intake),
    scope => addKeyRoutes(scope, clients, outbound),
    scope => addResumableRoutes(scope, clients, intake, { ...parts, limits: uploads, publicUrls, logger }),
    scope => addGrantRoutes(scope, { authenticator, grants, keys, signing, presets, outbound }),
    scope => addWebhookRoutes(scope, clients, webhooks, publicUrls),
    scope => addArchiveRoutes(scope, clients),
    scope => addStatsRoutes(scope, { clients, intake, load, logger }),
    scope => addSessionRoutes(scope, { authenticator, keys, signing }),
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

  app.addHook('onClose', () => parts.close())
  return app
}
