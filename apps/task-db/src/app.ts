import { type App, createApp, type Logger } from '@darkroom/service-kit'
import { Gauge } from 'prom-client'
import { ClaimLine } from './claim-line.ts'
import type { TaskStore } from './engine/engine.ts'
import { addClaimRoutes } from './routes/claims.ts'
import { addStatsRoutes } from './routes/stats.ts'
import { addTaskRoutes } from './routes/tasks.ts'

export interface AppDependencies {
  store: TaskStore
  logger: Logger
  clusterToken?: string | undefined
  expiryCheckMs: number
}

/** The task DB as an app. Closing it closes the store. */
export function buildApp({ store, logger, clusterToken, expiryCheckMs }: AppDependencies): App {
  const line = new ClaimLine(store)
  const checkReady = async () => {
    await store.stats()
  }
  const app = createApp(
    { name: 'task-db', logger, clusterToken, checkReady },
    scope => addTaskRoutes(scope, store),
    scope => addClaimRoutes(scope, store, line),
    scope => addStatsRoutes(scope, store),
  )
  measureTasks(app, store)

  const expiry = setInterval(() => {
    store.expireLeases().then(
      count => count > 0 && logger.warn({ count }, 'leases ran out; their tasks were taken back'),
      error => logger.error({ err: error }, 'leases could not be taken back'),
    )
  }, expiryCheckMs)
  app.addHook('onClose', async () => {
    clearInterval(expiry)
    line.close()
    await store.close()
  })
  return app
}

function measureTasks(app: App, store: TaskStore): void {
  new Gauge({
    name: 'darkroom_tasks',
    help: 'Tasks by state',
    labelNames: ['state'],
    registers: [app.metrics],
    async collect() {
      const { oldestNotStartedAt: _, ...counts } = await store.stats()
      for (const [state, count] of Object.entries(counts)) this.set({ state }, count)
    },
  })
}
