import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { NewTask, Task, Urgency, Work } from '@darkroom/contracts'
import { type RedisServer, startRedis, until } from '@darkroom/testing'
import { BullMqQueue, type BullMqQueueOptions } from '../../../src/queue/bullmq/bullmq-queue.ts'
import type { HeldLease } from '../../../src/queue/queue.ts'
import { logger, type Neighbours, startNeighbours } from '../../neighbours.ts'
import { facts } from '../../sample-facts.ts'

export const never = new AbortController().signal

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
    async makeTask(number, urgency = 3) {
      const body: NewTask = {
        state: 'not-started',
        operations: [{ name: 'swap-channels', order: 'bgr' }],
        original: facts,
        maxAttempts: 3,
        urgency,
      }
      const reply = await taskDb.putTask({ params: { id: idOf(number) }, body })
      return reply.status === 201 ? reply.body : assert.fail(`task ${number} was answered ${reply.status}`)
    },
    async taskOf(number) {
      const reply = await taskDb.getTask({ params: { id: idOf(number) } })
      return reply.status === 200 ? reply.body : assert.fail(`there is no task ${number}`)
    },
  }
}

export function untilReady(queue: BullMqQueue): Promise<boolean> {
  return until('Redis answers', () => queue.checkReady().then(() => true))
}

export async function nextOf(queue: BullMqQueue, waitSeconds = 50): Promise<Work> {
  return (await queue.next('worker', waitSeconds, never)) ?? assert.fail('there was no work')
}

export function leaseOf({ id, lease }: Work): HeldLease {
  return { id, token: lease.token }
}

/** Ids that sort by their numbers, as the ids of arriving images do. */
export function idOf(number: number): string {
  return `01990000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}

/** How many seconds the action took. */
export async function seconds(action: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await action()
  return (performance.now() - startedAt) / 1000
}
