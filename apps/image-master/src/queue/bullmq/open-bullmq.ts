import type { OpenedQueue, QueueDependencies, QueueSettings } from '../queue-engine.ts'
import { BullMqQueue } from './bullmq-queue.ts'
import { measureJobs } from './measure-jobs.ts'
import { addQueueBoard } from './queue-board.ts'

/** The queue on Redis, with its measurements and, unless it is off, its board. */
export function openBullMq(
  { queueUrl, leaseMs, reconcileMs, bullBoard }: QueueSettings,
  { taskDb, logger }: QueueDependencies,
): OpenedQueue {
  const queue = new BullMqQueue({ url: queueUrl, taskDb, leaseMs, reconcileMs, logger })
  return {
    queue,
    addTo: app => {
      measureJobs(app, queue.jobs)
      if (bullBoard !== 'off') addQueueBoard(app, { queue: queue.jobs.queue, mode: bullBoard })
    },
  }
}
