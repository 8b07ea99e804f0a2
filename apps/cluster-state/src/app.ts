import { type App, type BodyBounds, bodyBoundsIn, createApp, type Logger } from '@darkroom/service-kit'
import { measureState } from './measure-state.ts'
import type { StateNode } from './node/state-node.ts'
import { throwProblem } from './node-problems.ts'
import { addCounterRoutes } from './routes/counters.ts'
import { addGossipRoutes } from './routes/gossip.ts'
import { addMemberRoutes } from './routes/members.ts'
import { addRegisterRoutes } from './routes/registers.ts'

export interface AppDependencies extends BodyBounds {
  node: StateNode
  logger: Logger
  clusterToken?: string | undefined
  /** Milliseconds since 1970: the end of windows. */
  now?: () => number
}

/** A node of cluster-state as an app. Closing it closes the node. */
export function buildApp({ node, logger, clusterToken, now = Date.now, ...bounds }: AppDependencies): App {
  const app = createApp(
    {
      ...bodyBoundsIn(bounds),
      name: 'cluster-state',
      logger,
      clusterToken,
      checkReady: () => node.checkReady().catch(throwProblem),
    },
    scope => addRegisterRoutes(scope, node),
    scope => addCounterRoutes(scope, node, now),
    scope => addMemberRoutes(scope, node),
    scope => addGossipRoutes(scope, node),
  )
  measureState(app, node)
  app.addHook('onClose', () => node.close())
  return app
}
