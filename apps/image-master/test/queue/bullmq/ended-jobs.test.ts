import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until, withEngine } from '@darkroom/testing'
import { Redis } from 'ioredis'
import { error, facts } from '../../sample-facts.ts'
import { idOf, leaseOf, nextOf, putTask } from '../sample-tasks.ts'
import { startQueues } from './start-queues.ts'

const hourMs = 3_600_000

withEngine('redis', program => {
  test('finished jobs are removed after an hour, and failed jobs after a day', async t => {
    const { redis, openQueue, makeTask } = await startQueues(t, program)
    const queue = await openQueue({ cleanMs: 20 })
    const client = new Redis(redis.urlOf(0))
    t.after(() => client.disconnect())
    for (const number of [1, 2, 3, 4]) await queue.add(await makeTask(number))
    for (const _ of [1, 2])
      assert.equal(await queue.finish(leaseOf(await nextOf(queue)), { result: facts }), 'done')
    for (const _ of [3, 4]) assert.equal(await queue.fail(leaseOf(await nextOf(queue)), error, false), 'done')
    /** The score of a job in the set of its state is the time of its end. */
    const age = (state: string, number: number, hours: number) =>
      client.zadd(`darkroom:tasks:${state}`, Date.now() - hours * hourMs, idOf(number))
    const kept = async () => {
      const [completed, failed] = await Promise.all(
        ['completed', 'failed'].map(state => client.zrange(`darkroom:tasks:${state}`, '0', '-1')),
      )
      return { completed, failed }
    }

    await age('completed', 1, 1.1)
    await age('completed', 2, 0.9)
    await age('failed', 3, 24.1)
    await age('failed', 4, 23.9)
    await until('the old jobs are removed', async () => {
      const { completed, failed } = await kept()
      return completed?.length === 1 && failed?.length === 1
    })
    assert.deepEqual(await kept(), { completed: [idOf(2)], failed: [idOf(4)] })
    assert.deepEqual(
      await Promise.all([1, 2, 3, 4].map(n => client.exists(`darkroom:tasks:${idOf(n)}`))),
      [0, 1, 0, 1],
    )
    await client.quit()
  })

  test('a job that no worker can do ends with its task', async t => {
    const { clients, openQueue } = await startQueues(t, program)
    const queue = await openQueue()
    const heic = { ...facts, contentType: 'image/heic' }
    for (const number of [1, 2]) await queue.add(await putTask(clients.taskDb, number, { original: heic }))
    const unable = new AbortController()
    const waiting = queue.next('unable', 50, unable.signal, [])
    await clients.taskDb.deleteTask({ params: { id: idOf(1) } })
    const { body: claimed } = await clients.taskDb.claimGivenTask({
      params: { id: idOf(2) },
      body: { worker: 'w', leaseMs: 60_000, decodes: ['image/heic'] },
    })
    assert.ok('claims' in claimed)
    assert.equal(await queue.fail({ id: idOf(2), token: claimed.claims }, error, false), 'done')
    await until('no job waits', async () => {
      const { waiting, prioritized, active, failed } = await queue.jobs.countByState()
      return waiting === 0 && prioritized === 0 && active === 0 && failed === 1
    })
    unable.abort()
    assert.equal(await waiting, undefined)
  })
})
