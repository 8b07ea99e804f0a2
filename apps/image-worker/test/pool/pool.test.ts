// In its own process: threads run into their time limits.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { until } from '@darkroom/testing'
import { startWorkshop, type Workshop } from '../start-workshop.ts'
import { sharedFolder } from './shared-folder.ts'
import { startPool } from './start-pool.ts'

/** Long enough for an image without work, on a busy machine. */
const processingMs = 2000
const longLease = { LEASE_MS: '60000' }

suite('the threads of a pool', { concurrency: 2 }, () => {
  test('work on as many images at once as there are threads, each with its own name', async t => {
    const workshop = await startWorkshop(t)
    const { pool } = startPool(workshop, { threads: 3 })
    assert.equal(pool.alive, 1, 'others start when this thread is busy')
    const ids: string[] = []
    for (let n = 0; n < 4; n++) ids.push(await workshop.addTask('wait'))
    await until('all threads are busy', () => pool.busy === 3)
    assert.equal(pool.alive, 3)
    const tasks = await Promise.all(ids.map(workshop.taskOf))
    const workers = tasks.flatMap(({ lease }) => lease?.worker ?? [])
    assert.deepEqual(workers.sort(), ['worker/1', 'worker/2', 'worker/3'])
    assert.equal(tasks.filter(({ state }) => state === 'not-started').length, 1)
  })

  test('the threads of a pool develop and report one image after the other', async t => {
    const workshop = await startWorkshop(t)
    const { pool, ends } = startPool(workshop, { threads: 2 })
    const ids = await Promise.all(['a', 'b', 'c', 'd'].map(text => workshop.addTask(text)))
    for (const id of ids) await workshop.untilState(id, 'finished')
    assert.equal(await workshop.resultOf(String(ids[0])), 'a, developed')
    await until('all reports have arrived', () => ends.length === 4)
    assert.ok(ends.every(({ kind }) => kind === 'finished'))
    await until('no thread is busy', () => pool.busy === 0)
  })

  test('the threads of a pool keep the lease of an image that keeps them busy for longer', async t => {
    const workshop = await startWorkshop(t, { LEASE_MS: '3000' })
    const id = await workshop.addTask('be busy until released')
    const { ends } = startPool(workshop)
    const leaseOf = async () => (await workshop.taskOf(id)).lease
    const { expiresAt } = await until('the lease exists', leaseOf)
    const later = new Date(Date.parse(expiresAt) + 3000).toISOString()
    await until('it was renewed more than once', async () => ((await leaseOf())?.expiresAt ?? '') > later)
    writeFileSync(join(sharedFolder(String(workshop.env.KV_URL)), 'released'), '')
    assert.equal((await workshop.untilState(id, 'finished')).attempts, 1)
    await until('the report has arrived', () => ends.length === 1)
  })

  for (const [command, message] of [
    ['exit', /no reason is known/],
    ['throw elsewhere', /thrown elsewhere/],
  ] as const) {
    test(`fault: that die (${command}) are replaced, and their images are reported`, async t => {
      const workshop = await startWorkshop(t, longLease)
      const { pool, ends } = startPool(workshop)
      const poisonous = await workshop.addTask(command, 2)
      const { attempts, error } = await workshop.untilState(poisonous, 'failed')
      assert.equal(attempts, 2)
      assert.equal(error?.type, problemType('processing-crashed'))
      assert.match(error.detail, message)
      const next = await workshop.addTask('a picture')
      await workshop.untilState(next, 'finished')
      assert.equal(pool.alive, 1)
      await until('all reports have arrived', () => ends.length === 3)
      assert.deepEqual(
        ends.map(({ kind }) => kind),
        ['failed', 'failed', 'finished'],
      )
    })
  }

  test('fault: that die while they deliver a result fail only the image begun last', async t => {
    const workshop = await startWorkshop(t, longLease)
    const ids = [await workshop.addTask('delivered', 1), await workshop.addTask('developed', 1)] as const
    const { ends } = startPool(workshop, { threadMain: new URL('thread-with-two.ts', import.meta.url) })
    const { error } = await workshop.untilState(ids[1], 'failed')
    assert.equal(error?.type, problemType('processing-crashed'))
    await until(
      'the next thread has the other image',
      async () => (await workshop.taskOf(ids[0])).claims === 2,
    )
    assert.deepEqual(ends, [{ kind: 'failed', error }, { kind: 'returned' }])
  })

  test('the time of an image passes while an earlier image ends', async t => {
    const workshop = await startWorkshop(t, longLease)
    const ids = [await workshop.addTask('earlier', 1), await workshop.addTask('slow', 1)] as const
    const threadMain = new URL('thread-with-slow-second.ts', import.meta.url)
    startPool(workshop, { threadMain, processingMs: 300 })
    const { error } = await workshop.untilState(ids[1], 'failed')
    assert.equal(error?.type, problemType('took-too-long'))
  })

  test('the threads of a pool start no other thread when work arrives while the pool closes', async t => {
    const workshop = await startWorkshop(t)
    const threadMain = new URL('late-thread.ts', import.meta.url)
    const { pool, ends } = startPool(workshop, { threads: 4, drainMs: 60_000, threadMain })
    await pool.close()
    assert.deepEqual(ends, [{ kind: 'returned' }])
    assert.equal(pool.alive, 0)
  })

  test('the threads of a pool unpack images one after the other if memory is too small for both', async t => {
    const workshop = await startWorkshop(t, longLease)
    startPool(workshop, { threads: 2 })
    await untilBothThreadsWork(workshop)
    const ids = await Promise.all(Array.from({ length: 6 }, () => workshop.addTask('take all memory')))
    for (const id of ids) assert.equal((await workshop.untilState(id, 'finished')).attempts, 1)
  })

  test('the threads of a pool release memory before they reserve more for the same image', async t => {
    const workshop = await startWorkshop(t, longLease)
    startPool(workshop, { threads: 2 })
    await untilBothThreadsWork(workshop)
    const ids = await Promise.all(Array.from({ length: 3 }, () => workshop.addTask('take all memory twice')))
    for (const id of ids) assert.equal((await workshop.untilState(id, 'finished')).attempts, 1)
  })

  test('release memory when they die or take too long; waiting for memory does not count as time of the image', async t => {
    const workshop = await startWorkshop(t, longLease)
    const { log } = startPool(workshop, { threads: 2, processingMs: 1000 })
    const greedy = await workshop.addTask('take all memory and wait')
    const dying = await workshop.addTask('take all memory and exit', 1)
    const modest = await workshop.addTask('take all memory')
    assert.equal((await workshop.untilState(greedy, 'failed')).error?.type, problemType('took-too-long'))
    assert.equal((await workshop.untilState(dying, 'failed')).error?.type, problemType('processing-crashed'))
    assert.equal((await workshop.untilState(modest, 'finished')).attempts, 1)
    assert.equal(log.lines.filter(({ msg }) => /exceeded the time limit/.test(String(msg))).length, 1)
  })

  for (const command of ['loop forever', 'wait']) {
    test(`fault: that take too long (${command}) are ended and replaced, and the next image is developed`, async t => {
      const workshop = await startWorkshop(t, longLease)
      const { pool, ends, log, stuckCount } = startPool(workshop, { processingMs })
      const id = await workshop.addTask(command)
      const { attempts, error } = await workshop.untilState(id, 'failed')
      assert.equal(attempts, 1)
      assert.equal(error?.type, problemType('took-too-long'))
      assert.match(error.detail, /2 seconds/)
      const next = await workshop.addTask('a picture')
      await workshop.untilState(next, 'finished')
      assert.equal(await workshop.resultOf(next), 'a picture, developed')
      assert.equal(pool.alive, 1)
      assert.equal(stuckCount(), 0)
      await until('all reports have arrived', () => ends.length === 2)
      assert.equal(ends[0]?.kind, 'failed')
      assert.ok(log.lines.every(({ msg }) => msg !== 'a thread died'))
    })
  }

  test('fault: that are stuck in native code make the pool end the process', async t => {
    const workshop = await startWorkshop(t, longLease)
    const { stuckCount } = startPool(workshop, { processingMs })
    const id = await workshop.addTask('be stuck')
    assert.equal((await workshop.untilState(id, 'failed')).error?.type, problemType('took-too-long'))
    await until('the pool ends the process', () => stuckCount() === 1)
  })
})

suite('closing a pool', { concurrency: 2 }, () => {
  test('closing a pool ends idle threads long before their polls end', async t => {
    const startedAt = performance.now()
    const workshop = await startWorkshop(t)
    const { pool } = startPool(workshop, { threads: 2, drainMs: 60_000 })
    await pool.close()
    assert.equal(pool.alive, 0)
    assert.ok(performance.now() - startedAt < 20_000)
  })

  test('closing a pool returns an image that does not end in time once, without counting the attempt', async t => {
    const workshop = await startWorkshop(t, longLease)
    const { pool, ends } = startPool(workshop, { threads: 2 })
    const ids = [await workshop.addTask('wait', 1), await workshop.addTask('loop forever', 1)]
    await until('both are busy', () => pool.busy === 2)
    await pool.close()
    for (const id of ids) {
      const { state, attempts, claims } = await workshop.taskOf(id)
      assert.deepEqual([state, attempts, claims], ['not-started', 0, 1])
    }
    assert.deepEqual(ends, [{ kind: 'returned' }, { kind: 'returned' }])
    await until('the threads are gone', () => pool.alive === 0)
    assert.equal(ends.length, 2)
  })

  test('closing a pool starts no thread again', async t => {
    const workshop = await startWorkshop(t, longLease)
    const { pool, ends } = startPool(workshop)
    await workshop.addTask('exit', 1)
    await until('it died', () => ends.length === 1)
    await pool.close()
    assert.equal(pool.alive, 0)
  })

  test('fault: ends although the master does not answer', async t => {
    const workshop = await startWorkshop(t, longLease)
    const { pool, log } = startPool(workshop)
    await workshop.addTask('wait')
    await until('it is busy', () => pool.busy === 1)
    await workshop.master.close()
    await pool.close()
    assert.ok(log.errors.some(({ msg }) => msg.includes('could not be reported')))
  })
})

/** Otherwise one thread could develop all images before the other has started. */
async function untilBothThreadsWork(workshop: Workshop): Promise<void> {
  const ids = [
    await workshop.addTask('wait for the other thread'),
    await workshop.addTask('wait for the other thread'),
  ]
  for (const id of ids) await workshop.untilState(id, 'finished')
}
