import { setTimeout as delay } from 'node:timers/promises'
import { taskDbRoutes } from '@darkroom/contracts'
import {
  type App,
  apiOf,
  type BodyBounds,
  bodyBoundsIn,
  createApp,
  type Logger,
  repeat,
  StoreUnavailable,
  type Tally,
} from '@darkroom/service-kit'
import { Gauge } from 'prom-client'
import { ClaimLine } from './claim-line.ts'
import type { TaskStore } from './engine/engine.ts'
import { Outcomes } from './outcomes.ts'
import { changeHandlers } from './routes/changes.ts'
import { claimHandlers } from './routes/claims.ts'
import { noticeHandlers } from './routes/notices.ts'
import { statsHandlers } from './routes/stats.ts'
import { taskHandlers } from './routes/tasks.ts'
import { throwProblem } from './store-problems.ts'

/** How long holders may renew their leases after an outage; longer than the longest pause between their attempts. */
const renewalGraceMs = 5000

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
  const api = apiOf(taskDbRoutes, handlers, throwProblem)
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
  measureWaiting(app, store)

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

/**
 * Takes back the tasks whose leases have expired. While the store doesn't answer, holders can't renew their leases;
 * so when it answers again, they first get time to renew.
 */
async function expireLeases(
  {
    store,
    outcomes,
    logger,
    expiryCheckMs,
  }: Pick<AppDependencies, 'store' | 'logger' | 'expiryCheckMs'> & { outcomes: Outcomes },
  closing: AbortSignal,
): Promise<void> {
  let isUnavailable = false
  await repeat(expiryCheckMs, closing, async () => {
    try {
      if (isUnavailable) {
        await store.checkReady()
        isUnavailable = false
        logger.info('the store answers again; leases that expired during the outage may still be renewed')
        await delay(renewalGraceMs, undefined, { signal: closing }).catch(() => undefined)
        if (closing.aborted) return
      }
      const tasks = await store.expireLeases()
      for (const task of tasks) {
        outcomes.add(task)
        logger.warn(
          { id: task.id, state: task.state },
          'the lease of a task expired, and the task was taken back',
        )
      }
    } catch (error) {
      if (!isUnavailable) logger.error({ err: error }, 'expired leases could not be taken back; retrying')
      isUnavailable = true
    }
  })
}

/** How long the oldest task waits for a worker, and the oldest notice for a frontend. */
function measureWaiting(app: App, store: TaskStore): void {
  const add = (name: string, help: string, since: () => Promise<string | undefined>) =>
    new Gauge({
      name,
      help: `${help}; 0 if none waits, absent while the store does not answer`,
      registers: [app.metrics],
      async collect() {
        try {
          const at = await since()
          this.set(at === undefined ? 0 : Math.max(0, Date.now() - Date.parse(at)) / 1000)
        } catch (error) {
          if (!(error instanceof StoreUnavailable)) throw error
          this.remove()
        }
      },
    })
  add(
    'darkroom_oldest_waiting_seconds',
    'Age of the oldest task that is not started',
    async () => (await store.stats()).oldestNotStartedAt,
  )
  add('darkroom_oldest_notice_seconds', 'How long the oldest notice (webhook) is overdue', () =>
    store.nextNoticeAt(),
  )
}

function measureTasks(app: App, store: TaskStore): void {
  new Gauge({
    name: 'darkroom_tasks',
    help: 'Tasks by state; absent while the store does not answer',
    labelNames: ['state'],
    registers: [app.metrics],
    async collect() {
      this.reset()
      for (const [state, count] of Object.entries(await countTasks(store))) this.set({ state }, count)
    },
  })
}

/** Empty while the store doesn't answer, so that all other metrics still work. */
async function countTasks(store: TaskStore): Promise<Record<string, number>> {
  try {
    const { oldestNotStartedAt: _, ...counts } = await store.stats()
    return counts
  } catch (error) {
    if (error instanceof StoreUnavailable) return {}
    throw error
  }
}
