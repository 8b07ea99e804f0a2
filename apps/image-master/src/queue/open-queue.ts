import type { Client, taskDbRoutes } from '@darkroom/contracts'
import { type App, InvalidConfig, type Logger } from '@darkroom/service-kit'
import type { Config } from '../config.ts'
import { addQueueBoard } from '../routes/queue-board.ts'
import { BullMqQueue } from './bullmq/bullmq-queue.ts'
import { measureJobs } from './bullmq/measure-jobs.ts'
import type { WorkQueue } from './queue.ts'
import { TaskDbQueue } from './task-db.ts'

export interface OpenedQueue {
  queue: WorkQueue
  /** What the engine shows of itself: measurements, and pages. */
  show?(app: App): void
}

/**
 * The queue that QUEUE_URL names.
 *
 * @throws InvalidConfig without the password in its words
 */
export function openQueue(
  config: Pick<Config, 'queueUrl' | 'leaseMs' | 'reconcileMs' | 'bullBoard'>,
  { taskDb, logger }: { taskDb: Client<typeof taskDbRoutes>; logger: Logger },
): OpenedQueue {
  const { queueUrl, leaseMs, reconcileMs, bullBoard } = config
  if (queueUrl === 'task-db:') return { queue: new TaskDbQueue({ taskDb, leaseMs }) }
  if (!URL.canParse(queueUrl))
    throw new InvalidConfig([
      'QUEUE_URL is no URL; ports end at 65535, and what is special in a password has to be percent-encoded',
    ])
  const queue = new BullMqQueue({ url: queueUrl, taskDb, leaseMs, reconcileMs, logger })
  return {
    queue,
    show: app => {
      measureJobs(app, queue.jobs)
      if (bullBoard !== 'off') addQueueBoard(app, { queue: queue.jobs.queue, mode: bullBoard })
    },
  }
}
