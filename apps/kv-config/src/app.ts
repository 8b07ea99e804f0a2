import { type App, type BodyBounds, bodyBoundsIn, createApp, type Logger } from '@darkroom/service-kit'
import type { KvStore } from './engine/engine.ts'
import { addClusterRoutes } from './routes/cluster.ts'
import { addKeyRoutes } from './routes/keys.ts'

export interface AppDependencies extends BodyBounds {
  store: KvStore
  logger: Logger
  clusterToken?: string | undefined
}

/** The key-value store as an app. Closing it closes the store. */
export function buildApp({ store, logger, clusterToken, ...bounds }: AppDependencies): App {
  const app = createApp(
    {
      ...bodyBoundsIn(bounds),
      name: 'kv-config',
      logger,
      clusterToken,
      checkReady: () => store.checkReady(),
    },
    scope => addKeyRoutes(scope, store),
    scope => addClusterRoutes(scope, store),
  )
  app.addHook('onClose', () => store.close())
  return app
}
