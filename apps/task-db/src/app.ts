import { taskDbRoutes } from '@darkroom/contracts'
import {
  type App,
  apiOf,
  type BodyBounds,
  batchHandler,
  bodyBoundsIn,
  createApp,
  type Logger,
  type Tally,
} from '@darkroom/service-kit'
import { ClaimLine } from './claim-line.ts'
import type { TaskStore } from './engine/engine.ts'
import { expireLeases } from './expire-leases.ts'
import { measureTasks } from './measure-tasks.ts'
import { Outcomes } from './outcomes.ts'
import { changeHandlers } from './routes/changes.ts'
import { claimHandlers } from './routes/claims.ts'
import { noticeHandlers } from './routes/notices.ts'
import { statsHandlers } from './routes/stats.ts'
import { taskHandlers } from './routes/tasks.ts'
import { throwProblem } from './store-problems.ts'

export interface AppDependencies extends BodyBounds {
  store: TaskStore
  /** Counts the outcomes of images. */
  tally: Pick<Tally, 'add' | 'close'>
  logger: Logger
  clusterToken?: string | undefined
  expiryCheckMs: number
}

/** The task DB as an app. Closing it closes the store and the tally. */
export function buildApp({
  store,
  tally,
  logger,
  clusterToken,
  expiryCheckMs,
  ...bounds
}: AppDependencies): App {
  const line = new ClaimLine(store)
  const outcomes = new Outcomes({ store, tally, logger })
  const closing = new AbortController()
  const handlers = {
    ...taskHandlers({ store, outcomes }),
    ...claimHandlers({ store, outcomes }, line, closing.signal),
    ...changeHandlers(store, closing.signal),
    ...noticeHandlers(store),
    ...statsHandlers(store, outcomes),
  }
  const answerBatch = batchHandler({ handlers, throwProblem }, logger)
  const api = apiOf(taskDbRoutes, { ...handlers, answerBatch }, throwProblem)
  const checkReady = () => store.checkReady().catch(throwProblem)
  const app = createApp({
    ...bodyBoundsIn(bounds),
    name: 'task-db',
    logger,
    clusterToken,
    api,
    closing,
    checkReady,
  })
  measureTasks(app, store)

  const expiring = expireLeases({ store, outcomes, logger, expiryCheckMs }, closing.signal)
  app.addHook('onClose', async () => {
    line.close()
    await expiring
    await outcomes.close()
    await store.close()
    await tally.close()
  })
  return app
}
