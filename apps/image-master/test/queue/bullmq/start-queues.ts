import type { TestContext } from 'node:test'
import type { Task, Urgency } from '@darkroom/contracts'
import { type RedisServer, startRedis, until } from '@darkroom/testing'
import { BullMqQueue, type BullMqQueueOptions } from '../../../src/queue/bullmq/bullmq-queue.ts'
import { logger, type Neighbours, startNeighbours } from '../../neighbours.ts'
import { putTask, taskOf } from '../sample-tasks.ts'

export interface Queues extends Neighbours {
  redis: RedisServer
  /** Another master's queue, ready when Redis answers; closed when the test has ended. */
  openQueue(options?: Partial<BullMqQueueOptions>): Promise<BullMqQueue>
  makeTask(number: number, urgency?: Urgency): Promise<Task>
  taskOf(number: number): Promise<Task>
}

/** Starts a Redis and a task DB for one test. `settings` are environment variables of the task DB. */
export async function startQueues(
  t: TestContext,
  program: string,
  settings: Record<string, string> = {},
  ...redisSettings: string[]
): Promise<Queues> {
  const redis = await startRedis(t, program, ...redisSettings)
  const neighbours = await startNeighbours(t, settings)
  const { taskDb } = neighbours.clients
  return {
    ...neighbours,
    redis,
    async openQueue(options = {}) {
      const url = redis.urlOf(0)
      const queue = new BullMqQueue({ url, taskDb, leaseMs: 60_000, reconcileMs: 200, logger, ...options })
      neighbours.defer(() => queue.close())
      await untilReady(queue)
      return queue
    },
    makeTask: (number, urgency = 3) => putTask(taskDb, number, { urgency }),
    taskOf: number => taskOf(taskDb, number),
  }
}

export function untilReady(queue: BullMqQueue): Promise<boolean> {
  return until('Redis answers', () => queue.checkReady().then(() => true))
}

/** How many seconds the action took. */
export async function seconds(action: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await action()
  return (performance.now() - startedAt) / 1000
}
