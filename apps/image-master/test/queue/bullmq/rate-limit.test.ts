import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { until, withEngine } from '@darkroom/testing'
import { facts } from '../../sample-facts.ts'
import { leaseOf, never, nextOf } from '../sample-tasks.ts'
import { startQueues } from './start-queues.ts'

/** After its first job, the queue gives out no other for this long. */
const limitMs = 3000

withEngine('redis', program => {
  test('while the rate limit that an operator has set in the board is reached, the master goes on with all other work', async t => {
    const { openQueue, makeTask } = await startQueues(t, program)
    const queue = await openQueue()
    await queue.jobs.queue.setGlobalRateLimit(1, limitMs)
    for (const number of [1, 2]) await queue.add(await makeTask(number))
    const first = await nextOf(queue)
    assert.equal(await queue.finish(leaseOf(first), { result: facts }), 'done')
    const limitedAt = performance.now()
    const waiting = queue.next('worker', 50, never)
    let turns = 0
    while (performance.now() - limitedAt < limitMs / 2) {
      await setImmediate()
      turns += 1
    }
    await until('the limit is over', async () => (await queue.jobs.queue.getRateLimitTtl()) <= 0)
    const second = (await waiting) ?? assert.fail('there was no work')
    assert.notEqual(second.id, first.id)
    assert.ok(turns > 100, `the event loop had only ${turns} turns`)
  })
})
