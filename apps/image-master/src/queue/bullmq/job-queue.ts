import type { ImageFacts, Operation, Variants } from '@darkroom/contracts'
import type { Logger } from '@darkroom/service-kit'
import { type Job, Queue, Worker } from 'bullmq'
import type { QueueRedis } from './queue-redis.ts'
import { reasonOf } from './redis-outage-log.ts'

/**
 * The data of a job besides its id, which is the task's: for people who look at the queue, and to find a worker that
 * can do it.
 */
export interface JobData {
  operations?: Operation[]
  variants?: Variants
  /** The type of the original; missing in jobs of earlier versions. */
  contentType?: string
}
export type TaskJob = Job<JobData, ImageFacts | undefined>

/** How long one blocking fetch lasts. Each costs three commands. BullMQ allows 10 s. */
const blockSeconds = 5
/** With a lease of 10 s, stalled jobs are checked every 3 s. */
const stalledChecksPerLease = 10 / 3
/** How long, in seconds, and how many ended jobs stay visible to people. */
export const kept = { completed: { age: 3600, count: 1000 }, failed: { age: 86_400, count: 1000 } } as const

export interface JobQueueOptions {
  redis: QueueRedis
  /** The name of the queue in Redis; its keys are darkroom:<name>:… */
  name: string
  leaseMs: number
  logger: Logger
}

/** The queue, and a worker that fetches its jobs but processes none. */
export function openJobQueue({ redis, name, leaseMs, logger }: JobQueueOptions): {
  queue: Queue<JobData, ImageFacts | undefined>
  worker: Worker<JobData, ImageFacts | undefined>
} {
  const shared = {
    connection: redis.client,
    prefix: 'darkroom',
    skipVersionCheck: true, // warnings.ts has clearer messages
    skipWaitingForReady: true,
  }
  const queue = new Queue<JobData, ImageFacts | undefined>(name, {
    ...shared,
    defaultJobOptions: { removeOnComplete: kept.completed, removeOnFail: kept.failed, stackTraceLimit: 0 },
  })
  const worker = new Worker<JobData, ImageFacts | undefined>(name, null, {
    ...shared,
    autorun: false,
    drainDelay: blockSeconds,
    lockDuration: leaseMs,
    stalledInterval: leaseMs / stalledChecksPerLease,
    maxStalledCount: Number.MAX_SAFE_INTEGER, // the task DB counts attempts
  })
  const report = (error: Error) => {
    if (!redis.notice(error) && redis.isReady) logger.warn(reasonOf(error), 'BullMQ failed')
  }
  queue.on('error', report)
  worker.on('error', report)
  // Restarted each time: BullMQ repeats a failed check only after 5 s.
  redis.onReady(() => void worker.startStalledCheckTimer())
  return { queue, worker }
}
