import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { until, withEngine } from '@darkroom/testing'
import { Redis } from 'ioredis'
import { facts } from '../../sample-facts.ts'
import { idOf, leaseOf, nextOf } from '../sample-tasks.ts'
import { startQueues } from './start-queues.ts'

const prefix = 'darkroom:tasks:'
const job = { name: 'develop', opts: '{}', timestamp: '1', delay: '0', priority: '1' }
/** The ids of jobs that no master has added; an empty object is a job whose hash is missing. */
const foreign: readonly (readonly [id: string, hash: Record<string, string>])[] = [
  ['', {}],
  ['no-task', {}],
  ['no-task-2', { ...job, data: 'null' }],
  ['__proto__', { ...job, data: '{}' }],
  ['../x', { ...job, data: '[]' }],
  ['x'.repeat(3000), job],
  [idOf(90), {}],
  [idOf(91), { ...job, data: 'null' }],
  [idOf(92), { ...job, data: '5' }],
  [idOf(93), { ...job, data: '{"contentType":5,"variants":"x"}' }],
]

withEngine('redis', program =>
  suite('jobs in Redis that no master has added', () => {
    for (const place of ['wait', 'prioritized'] as const)
      test(`jobs in Redis that no master has added are removed from ${place}, and no task waits for them`, async t => {
        const { redis, openQueue, makeTask } = await startQueues(t, program)
        const queue = await openQueue()
        const client = new Redis(redis.urlOf(0))
        t.after(() => client.disconnect())
        for (const [id, hash] of foreign) {
          if (Object.keys(hash).length > 0) await client.hset(prefix + id, hash)
          if (place === 'wait') await client.lpush(prefix + place, id)
          else await client.zadd(prefix + place, 0, id)
        }
        await queue.add(await makeTask(1))
        const work = await nextOf(queue)
        assert.equal(work.id, idOf(1))
        assert.equal(await queue.finish(leaseOf(work), { result: facts }), 'done')
        await until('no job waits', async () => {
          const counts = await queue.jobs.countByState()
          return counts.waiting === 0 && counts.prioritized === 0 && counts.active === 0
        })
        await client.quit()
      })
  }),
)
