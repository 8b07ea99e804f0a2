import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { RecordedLog, until, withEngine } from '@darkroom/testing'
import { BullMqQueue } from '../../../src/queue/bullmq/bullmq-queue.ts'
import { logger } from '../../neighbours.ts'
import { error, facts } from '../../sample-facts.ts'
import { idOf, leaseOf, never, nextOf } from '../sample-tasks.ts'
import { seconds, startQueues, untilReady } from './start-queues.ts'

/** How long a command waits for an answer of Redis. */
const answerSeconds = 2

withEngine('redis', program => {
  suite('fault: Redis', () => {
    test('fault: Redis is killed and restarted: tasks are accepted, work ends, and polls continue', async t => {
      const { redis, openQueue, makeTask, taskOf } = await startQueues(t, program)
      const queue = await openQueue()
      for (const number of [1, 2]) await queue.add(await makeTask(number))
      const underWay = await nextOf(queue)
      await redis.kill()
      await until('that is noticed', () =>
        queue.checkReady().then(
          () => false,
          () => true,
        ),
      )

      for (const number of [3, 4]) {
        const task = await makeTask(number)
        assert.ok((await seconds(() => queue.add(task))) < answerSeconds)
      }
      const waited = await seconds(async () => assert.equal(await queue.next('w', 0.5, never), undefined))
      assert.ok(waited >= 0.45 && waited < 5, `a poll of 0.5 s took ${waited} s`)
      const waiting = nextOf(queue)
      assert.ok(typeof (await queue.renew(leaseOf(underWay))) === 'object')
      assert.equal(await queue.finish(leaseOf(underWay), { result: facts }), 'done')
      assert.equal((await taskOf(1)).state, 'finished')

      await redis.restart()
      const works = [await waiting, await nextOf(queue), await nextOf(queue)]
      assert.deepEqual(works.map(({ id }) => id).sort(), [2, 3, 4].map(idOf))
      for (const work of works) assert.equal(work.attempt, 1)
    })

    test('fault: Redis is restarted empty: only waiting tasks are queued again, in their order', async t => {
      const { redis, openQueue, makeTask, taskOf } = await startQueues(t, program)
      const queue = await openQueue()
      for (let number = 1; number <= 500; number++) await queue.add(await makeTask(number, number % 8))
      const underWay = await nextOf(queue)
      await redis.restart({ empty: true })
      const byUrgency = Array.from({ length: 8 }, (_, urgency) =>
        Array.from({ length: 500 }, (_, index) => index + 1).filter(number => number % 8 === urgency),
      )
      const expected = byUrgency.flat().map(idOf)
      assert.equal(expected.shift(), underWay.id)
      const waiting = async () => (await queue.jobs.countByState()).prioritized
      await until('all are queued', async () => (await waiting()) === expected.length)
      const ids: string[] = []
      while (ids.length < expected.length) ids.push((await nextOf(queue)).id)
      assert.deepEqual(ids, expected)
      assert.equal(await queue.finish(leaseOf(underWay), { result: facts }), 'done')
      assert.equal((await taskOf(8)).state, 'finished')
    })

    test('fault: the task DB is restored from a backup: a task that waits again is queued again', async t => {
      const { clients, openQueue, makeTask, taskOf } = await startQueues(t, program)
      const queue = await openQueue()
      for (const number of [1, 2]) await queue.add(await makeTask(number))
      assert.equal(await queue.finish(leaseOf(await nextOf(queue)), { result: facts }), 'done')
      assert.equal(await queue.fail(leaseOf(await nextOf(queue)), error, false), 'done')
      const { completed, failed } = await queue.jobs.countByState()
      assert.deepEqual({ completed, failed }, { completed: 1, failed: 1 })

      // The tasks are as in a backup: the same, not started.
      for (const number of [1, 2]) {
        await clients.taskDb.deleteTask({ params: { id: idOf(number) } })
        await makeTask(number)
      }
      const works = [await nextOf(queue), await nextOf(queue)]
      assert.deepEqual(works.map(({ id }) => id).sort(), [1, 2].map(idOf))
      for (const work of works) assert.equal(await queue.finish(leaseOf(work), { result: facts }), 'done')
      for (const number of [1, 2]) assert.equal((await taskOf(number)).state, 'finished')
    })

    test('fault: Redis is paused and resumed: tasks are accepted within seconds, and polls end in time', async t => {
      const { redis, openQueue, makeTask } = await startQueues(t, program)
      const queue = await openQueue()
      await queue.add(await makeTask(1))
      const underWay = await nextOf(queue)
      redis.pause()
      await queue.add(await makeTask(2)) // waits for an answer, but not until Redis is resumed
      const third = await makeTask(3)
      assert.ok((await seconds(() => queue.add(third))) < answerSeconds, 'by now, commands fail at once')
      assert.ok((await seconds(async () => assert.equal(await queue.next('w', 0.5, never), undefined))) < 5)
      assert.ok((await seconds(() => queue.finish(leaseOf(underWay), { result: facts }))) < 4)
      redis.resume()
      const works = [await nextOf(queue), await nextOf(queue)]
      assert.deepEqual(works.map(({ id }) => id).sort(), [2, 3].map(idOf))
    })

    test('fault: Redis is paused while a poll is held: the poll is answered when Redis is resumed', async t => {
      const { redis, openQueue, makeTask } = await startQueues(t, program)
      const queue = await openQueue()
      const held = nextOf(queue)
      const pausedAt = performance.now()
      redis.pause()
      const task = await makeTask(1)
      await queue.add(task)
      await until('a blocking fetch has ended', () => performance.now() - pausedAt > 8000)
      redis.resume()
      assert.equal((await held).id, task.id)
    })

    test('fault: Redis is away when a master starts: the master accepts tasks, and continues later', async t => {
      const { redis, clients, makeTask, defer } = await startQueues(t, program)
      await redis.kill()
      const log = new RecordedLog()
      const url = redis.urlOf(0)
      const options = { url, taskDb: clients.taskDb, leaseMs: 60_000, reconcileMs: 200 }
      const queue = new BullMqQueue({ ...options, logger: createLogger('test', 'info', log) })
      defer(() => queue.close())
      await assert.rejects(queue.checkReady(), /Redis does not answer/)
      await until('it is in the log', () =>
        log.lines.some(({ msg }) => msg.includes('Redis does not answer')),
      )
      await queue.add(await makeTask(1))
      const held = nextOf(queue)
      await redis.restart()
      assert.equal((await held).id, idOf(1))
      assert.equal(
        log.lines.filter(({ msg }) => msg.includes('Redis does not answer')).length,
        1,
        'logged once',
      )
    })

    test('fault: Redis is away or paused: a queue still closes', async t => {
      const { redis, clients, openQueue } = await startQueues(t, program)
      const paused = await openQueue()
      const held = paused.next('w', 50, never)
      redis.pause()
      assert.ok((await seconds(() => paused.close())) < 5)
      assert.equal(await held, undefined)
      redis.resume()
      const away = await openQueue()
      await redis.kill()
      assert.ok((await seconds(() => away.close())) < 5)
      const options = { url: redis.urlOf(0), taskDb: clients.taskDb, leaseMs: 60_000, reconcileMs: 200 }
      const neverThere = new BullMqQueue({ ...options, logger })
      assert.ok((await seconds(() => neverThere.close())) < 5)
    })

    test('fault: Redis that requires a password gets it; a wrong password is logged, but not shown', async t => {
      const { redis, clients, openQueue, defer } = await startQueues(
        t,
        program,
        {},
        '--requirepass',
        'opensesame',
      )
      const urlWith = (password: string) => redis.urlOf(0).replace('//', `//:${password}@`)
      await openQueue({ url: urlWith('opensesame') })
      const log = new RecordedLog()
      const queue = new BullMqQueue({
        url: urlWith('opensasame'),
        taskDb: clients.taskDb,
        leaseMs: 60_000,
        reconcileMs: 200,
        logger: createLogger('test', 'trace', log),
      })
      defer(() => queue.close())
      await until('it is logged', () => log.lines.some(({ reason }) => String(reason).includes('WRONGPASS')))
      assert.doesNotMatch(JSON.stringify(log.lines), /opensasame/)
    })

    test('fault: Redis with settings that may lose the queue is warned of when a master starts', async t => {
      const settings = ['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru']
      const { openQueue } = await startQueues(t, program, {}, ...settings)
      const log = new RecordedLog()
      await untilReady(await openQueue({ logger: createLogger('test', 'info', log) }))
      const warned = (text: string) => log.lines.some(({ level, msg }) => level >= 40 && msg.includes(text))
      await until('the policy is warned of', () => warned('maxmemory-policy is allkeys-lru'))
      await until('the missing file is warned of', () => warned('no append-only file'))
    })
  })
})
