import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { Work } from '@darkroom/contracts'
import { type ServiceProcess, startService, until, withEngine } from '@darkroom/testing'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { error, facts } from '../../sample-facts.ts'
import { idOf, leaseOf, never, nextOf } from '../sample-tasks.ts'
import { type Queues, startQueues } from './start-queues.ts'

/** Disables the reconciler: in these tests, only Redis may notice the faults. */
const seldom = 3_600_000

async function startMasterProcess(
  t: TestContext,
  { env, redis }: Queues,
  settings: Record<string, string> = {},
): Promise<ServiceProcess> {
  const { PORT: _, ...others } = env
  return startService(t, 'image-master', { ...others, ...settings, QUEUE_URL: redis.urlOf(0) })
}

withEngine('redis', program => {
  suite('fault: a worker stops renewing its lease', () => {
    for (const [first, expiryCheckMs] of [
      ['the task DB', '20'],
      ['Redis', '1500'],
    ] as const) {
      test(`fault: a worker is lost, and ${first} notices it first: another gets the task, once`, async t => {
        const { openQueue, makeTask } = await startQueues(t, program, { EXPIRY_CHECK_MS: expiryCheckMs })
        const queue = await openQueue({ leaseMs: 1000, reconcileMs: seldom })
        const other = await openQueue({ leaseMs: 60_000, reconcileMs: seldom })
        await queue.add(await makeTask(1))
        await queue.add(await makeTask(2))
        const lost = await nextOf(queue)
        const { id } = await nextOf(other)
        const enough = new AbortController()
        const waiting = ['one', 'two'].map(worker => other.next(worker, 20, enough.signal))
        await Promise.race(waiting)
        const third = await other.next('three', 1, never)
        enough.abort()
        const works = [...(await Promise.all(waiting)), third].filter(work => work !== undefined)
        assert.deepEqual(
          works.map(work => [work.id, work.attempt]),
          [[lost.id, 2]],
        )
        assert.notEqual(id, lost.id)
      })
    }

    test('fault: a worker pauses: its late report is refused, and the job of the next worker stays', async t => {
      const { openQueue, makeTask, taskOf } = await startQueues(t, program)
      const queue = await openQueue({ leaseMs: 500, reconcileMs: seldom })
      const other = await openQueue({ leaseMs: 60_000, reconcileMs: seldom })
      await queue.add(await makeTask(1))
      const late = leaseOf(await nextOf(queue))
      const work = (await other.next('other', 60, never)) ?? assert.fail('nobody took over')
      assert.equal(await queue.renew(late), 'lost')
      assert.equal(await queue.fail(late, error, true), 'lost')
      assert.equal(await queue.returnWork(late), 'lost')
      assert.equal(await queue.finish(late, { result: facts }), 'lost')
      assert.equal((await other.jobs.countByState()).active, 1)
      assert.equal(await other.finish(leaseOf(work), { result: facts }), 'done')
      assert.equal((await taskOf(1)).state, 'finished')
      const { active, completed, prioritized } = await other.jobs.countByState()
      assert.deepEqual({ active, completed, prioritized }, { active: 0, completed: 1, prioritized: 0 })
    })
  })

  test("fault: the clock of Redis is set back: another worker still gets a dead worker's task", async t => {
    const { openQueue, makeTask, redis } = await startQueues(t, program)
    const queue = await openQueue({ leaseMs: 500, reconcileMs: 200 })
    const client = new Redis(redis.urlOf(0))
    t.after(() => client.disconnect())
    await queue.add(await makeTask(1))
    const lost = await nextOf(queue)
    // For the next hour, no lock would expire, and no check for stalled jobs would be due.
    await client.set(`darkroom:tasks:${lost.id}:lock`, 'darkroom')
    await client.set('darkroom:tasks:stalled-check', '1')
    const work = await nextOf(queue, 15)
    assert.deepEqual([work.id, work.attempt], [lost.id, 2])
    assert.equal(await queue.finish(leaseOf(work), { result: facts }), 'done')
  })

  suite('fault: a master is killed', () => {
    test('fault: a master is killed between fetching and claiming: no attempt is counted', async t => {
      const queues = await startQueues(t, program)
      const { taskDb, startTaskDb, openQueue, makeTask } = queues
      const queue = await openQueue({ leaseMs: 3000, reconcileMs: seldom })
      await queue.add(await makeTask(1))
      const master = await startMasterProcess(t, queues, { LEASE_MS: '3000' })
      await until('the master is ready', async () => (await fetch(`${master.url}/readyz`)).ok)
      await taskDb.close() // so that it can't claim
      const poll = fetch(`${master.url}/getWork?worker=w&wait=20`)
      await until('it has fetched the job', async () => (await queue.jobs.countByState()).active === 1)
      master.signal('SIGKILL')
      await assert.rejects(poll)
      await startTaskDb()
      const { id, attempt } = await nextOf(queue)
      assert.deepEqual([id, attempt], [idOf(1), 1])
    })

    test('fault: a master is killed while its worker is working: another master accepts the report', async t => {
      const queues = await startQueues(t, program)
      const { openQueue, makeTask, taskOf } = queues
      const queue = await openQueue({ reconcileMs: seldom })
      await queue.add(await makeTask(1))
      const master = await startMasterProcess(t, queues)
      const poll = await fetch(`${master.url}/getWork?worker=w&wait=20`)
      const { id, lease } = (await poll.json()) as Work
      master.signal('SIGKILL')
      await master.ended
      assert.equal(await queue.finish({ id, token: lease.token }, { result: facts }), 'done')
      assert.equal((await taskOf(1)).state, 'finished')
      const { active, completed } = await queue.jobs.countByState()
      assert.deepEqual({ active, completed }, { active: 0, completed: 1 })
    })
  })

  suite('surplus jobs in Redis', () => {
    async function withJobs(queues: Queues, change: (jobs: Queue) => Promise<unknown>): Promise<void> {
      const connection = new Redis(queues.redis.urlOf(0))
      const jobs = new Queue('tasks', { connection, prefix: 'darkroom' })
      await change(jobs).finally(() => connection.disconnect())
    }

    test('jobs of tasks that were deleted or have ended, and jobs without a task, are skipped', async t => {
      const queues = await startQueues(t, program)
      const { clients, openQueue, makeTask } = queues
      const queue = await openQueue({ reconcileMs: seldom })
      await queue.add(await makeTask(1))
      await clients.taskDb.deleteTask({ params: { id: idOf(1) } })
      await queue.add(await makeTask(2))
      assert.equal(await queue.finish(leaseOf(await nextOf(queue)), { result: facts }), 'done')
      await withJobs(queues, async jobs => {
        await (await jobs.getJob(idOf(2)))?.retry('completed')
        await jobs.add('develop', {}, { jobId: idOf(99), priority: 1 })
      })
      await queue.add(await makeTask(3, 7))
      assert.equal((await nextOf(queue)).id, idOf(3))
      const { active, completed, prioritized, waiting } = await queue.jobs.countByState()
      assert.deepEqual(
        { active, completed, prioritized, waiting },
        { active: 1, completed: 1, prioritized: 0, waiting: 0 },
      )
    })

    test('a job that BullMQ marked as stalled too often is created again', async t => {
      const queues = await startQueues(t, program)
      const { redis, openQueue, makeTask } = queues
      const queue = await openQueue()
      await queue.add(await makeTask(1))
      const client = new Redis(redis.urlOf(0))
      t.after(() => client.disconnect())
      await client.hset(`darkroom:tasks:${idOf(1)}`, 'defa', 'job stalled more than allowable limit')
      const { id, attempt } = await nextOf(queue)
      assert.deepEqual([id, attempt], [idOf(1), 1])
    })

    test('surplus jobs do not hide a missing task for long', async t => {
      const queues = await startQueues(t, program)
      const { openQueue, makeTask } = queues
      const queue = await openQueue()
      await withJobs(queues, async jobs => {
        for (let number = 50; number < 60; number++)
          await jobs.add('develop', {}, { jobId: idOf(number), priority: 1 })
      })
      for (let number = 1; number <= 5; number++) await makeTask(number)
      const ids = []
      for (let n = 0; n < 5; n++) ids.push((await nextOf(queue)).id)
      assert.deepEqual(ids, [1, 2, 3, 4, 5].map(idOf))
    })
  })
})
