import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { until, withEngine } from '@darkroom/testing'
import { Redis } from 'ioredis'
import type { BullMqQueue } from '../../../src/queue/bullmq/bullmq-queue.ts'
import { error, facts } from '../../sample-facts.ts'
import { leaseOf, never } from '../sample-tasks.ts'
import { startQueues } from './start-queues.ts'

const tasks = 1000
const workersOfEach = 8

withEngine('redis', program => {
  suite('many workers of two masters', () => {
    test('many workers finish each of 1 000 tasks once, although some stop, and Redis is restarted', async t => {
      const settings = { EXPIRY_CHECK_MS: '500' }
      const { clients, redis, openQueue, makeTask } = await startQueues(t, program, settings)
      const masters = [await openQueue({ leaseMs: 2000 }), await openQueue({ leaseMs: 2000 })] as const
      const finished: string[] = []
      const work = async (queue: BullMqQueue) => {
        while (finished.length < tasks) {
          const work = await queue.next('worker', 1, never)
          if (!work) continue
          const luck = Math.random()
          if (luck < 0.05) await queue.returnWork(leaseOf(work))
          else if (luck < 0.1 && work.attempt < 3) await queue.fail(leaseOf(work), error, true)
          else if (luck < 0.15 && work.attempt < 3)
            continue // stops renewing its lease
          else if ((await queue.finish(leaseOf(work), { result: facts })) === 'done') finished.push(work.id)
        }
      }
      const workers = masters.flatMap(queue => Array.from({ length: workersOfEach }, () => work(queue)))
      const restarts = [tasks * 0.3, tasks * 0.6].map(async count => {
        await until('some are finished', () => finished.length >= count, 120_000)
        await redis.restart({ empty: count > tasks / 2 })
      })
      const numbers = Array.from({ length: tasks }, (_, index) => index + 1).values()
      const uploads = masters.map(async queue => {
        for (const number of numbers) await queue.add(await makeTask(number))
      })
      await Promise.all([...uploads, ...workers, ...restarts])

      assert.equal(new Set(finished).size, tasks)
      assert.equal(finished.length, tasks)
      const { body } = await clients.taskDb.getStats({})
      assert.deepEqual(
        [body.finished, body.failed, body['not-started'], body['in-progress']],
        [tasks, 0, 0, 0],
      )
    })

    test('many workers of two masters send few commands to Redis while the queue is empty', async t => {
      const { redis, openQueue } = await startQueues(t, program)
      const options = { leaseMs: 10_000, reconcileMs: 3000 }
      const masters = [await openQueue(options), await openQueue(options)]
      const gone = new AbortController()
      const polls = masters.flatMap(queue =>
        Array.from({ length: workersOfEach }, (_, n) => queue.next(`worker-${n}`, 50, gone.signal)),
      )
      const client = new Redis(redis.urlOf(0))
      t.after(() => client.disconnect())
      const commands = async () => Number(/total_commands_processed:(\d+)/.exec(await client.info())?.[1])
      const [before, startedAt] = [await commands(), performance.now()]
      const seconds = () => (performance.now() - startedAt) / 1000
      await until('a blocking fetch has ended', () => seconds() > 6)
      const rate = ((await commands()) - before) / seconds()
      t.diagnostic(`${rate.toFixed(1)} commands a second for two masters with ${polls.length} polls held`)
      assert.ok(rate < 20, `${rate} commands a second`)
      gone.abort()
      assert.deepEqual(new Set(await Promise.all(polls)), new Set([undefined]))
      await client.quit()
    })
  })
})
