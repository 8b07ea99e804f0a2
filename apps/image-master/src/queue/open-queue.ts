import type { Client, taskDbRoutes } from '@darkroom/contracts'
import { type App, InvalidConfig, type Logger } from '@darkroom/service-kit'
import type { Config } from '../config.ts'
import type { WorkQueue } from './queue.ts'
import { TaskDbQueue } from './task-db.ts'

export interface OpenedQueue {
  queue: WorkQueue
  /** What the engine shows of itself: measurements, and pages. */
  show?(app: App): void
}

export type QueueSettings = Pick<Config, 'queueUrl' | 'leaseMs' | 'reconcileMs' | 'bullBoard'>
export interface QueueNeeds {
  taskDb: Client<typeof taskDbRoutes>
  logger: Logger
}

/**
 * The queue that QUEUE_URL names.
 *
 * @throws InvalidConfig without the password in its words
 */
export async function openQueue(settings: QueueSettings, needs: QueueNeeds): Promise<OpenedQueue> {
  const { queueUrl, leaseMs } = settings
  if (queueUrl === 'task-db:') return { queue: new TaskDbQueue({ taskDb: needs.taskDb, leaseMs }) }
  if (!URL.canParse(queueUrl))
    throw new InvalidConfig([
      'QUEUE_URL is no URL; ports end at 65535, and what is special in a password has to be percent-encoded',
    ])
  // Only now: BullMQ and its board take time to load, and memory that the task DB's queue doesn't need.
  const { openBullMq } = await import('./bullmq/open-bullmq.ts')
  return openBullMq(settings, needs)
}
