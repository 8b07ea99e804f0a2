import { after } from 'node:test'
import { startRedis, until, withEngine } from '@darkroom/testing'
import { BullMqQueue } from '../../../src/queue/bullmq/bullmq-queue.ts'
import { logger } from '../../neighbours.ts'
import { queueConformance } from '../queue.conformance.ts'

await withEngine('redis', async program => {
  const redis = await startRedis({ after }, program)
  let queues = 0
  await queueConformance('BullMQ on Redis', async (_t, { clients: { taskDb } }, { leaseMs }) => {
    const url = redis.urlOf(queues++)
    const queue = new BullMqQueue({ url, taskDb, leaseMs, reconcileMs: 1000, logger })
    await until('Redis is there', () => queue.checkReady().then(() => true))
    return queue
  })
})
