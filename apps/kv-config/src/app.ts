import { kvConfigRoutes } from '@darkroom/contracts'
import { type App, apiOf, type BodyBounds, bodyBoundsIn, createApp, type Logger } from '@darkroom/service-kit'
import type { KvStore } from './engine/engine.ts'
import { clusterHandlers } from './routes/cluster.ts'
import { keyHandlers } from './routes/keys.ts'
import { throwProblem } from './store-problems.ts'

export interface AppDependencies extends BodyBounds {
  store: KvStore
  logger: Logger
  clusterToken?: string | undefined
}

/** The key-value store as an app. Closing it closes the store. */
export function buildApp({ store, logger, clusterToken, ...bounds }: AppDependencies): App {
  const closing = new AbortController()
  const api = apiOf(
    kvConfigRoutes,
    { ...keyHandlers(store, closing.signal), ...clusterHandlers(store) },
    throwProblem,
  )
  const checkReady = () => store.checkReady().catch(throwProblem)
  const app = createApp({
    ...bodyBoundsIn(bounds),
    name: 'kv-config',
    logger,
    clusterToken,
    api,
    closing,
    checkReady,
  })
  app.addHook('onClose', () => store.close())
  return app
}
