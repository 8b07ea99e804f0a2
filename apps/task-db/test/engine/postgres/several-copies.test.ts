import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import type { Task } from '@darkroom/contracts'
import { httpRequest, startPostgres, until, withEngine } from '@darkroom/testing'
import { facts, taskId } from '../../sample-tasks.ts'
import { emptySchema, query } from './postgres-store.ts'
import { claimTask, createTask, post, startCopy } from './service.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1)

await withEngine('postgres', async program => {
  const { url } = await startPostgres({ after }, program)

  async function twoCopies(t: TestContext, settings?: Record<string, string>) {
    const schema = await emptySchema(url)
    const copies = await Promise.all([startCopy(t, schema, settings), startCopy(t, schema, settings)])
    return { schema, copies }
  }

  test('20 workers that claim and finish 1000 tasks through two copies claim each task once', async t => {
    const { copies } = await twoCopies(t)
    await Promise.all(numbers(1000).map(number => createTask(copies[number % 2]?.url ?? '', number)))
    const claimed: string[] = []
    const work = async (copy: string, other: string) => {
      for (let task = await claimTask(copy); task; task = await claimTask(copy)) {
        claimed.push(task.id)
        const finished = { state: 'finished', token: task.claims, result: facts }
        assert.equal((await post(other, `/tasks/${task.id}`, finished)).status, 200)
      }
    }
    const [first, second] = copies.map(copy => copy.url) as [string, string]
    await Promise.all(numbers(10).flatMap(() => [work(first, second), work(second, first)]))
    assert.deepEqual(claimed.sort(), numbers(1000).map(taskId))
    for (const copy of copies) {
      const { oldestNotStartedAt, ...counts } = (await httpRequest(copy.url, '/stats')).json()
      assert.deepEqual(counts, { 'not-started': 0, 'in-progress': 0, finished: 1000, failed: 0 })
      assert.equal(oldestNotStartedAt, undefined)
    }
  })

  test('a claim that waits at one copy gets the task that is created through the other', async t => {
    const { copies } = await twoCopies(t)
    const [here, there] = copies.map(copy => copy.url) as [string, string]
    const started = performance.now()
    const claiming = claimTask(here, { wait: 30 })
    assert.equal((await createTask(there, 1)).status, 201)
    assert.equal((await claiming)?.id, taskId(1))
    assert.ok(performance.now() - started < 20_000)
  })

  test('fault: a task created while the other copy cannot listen is claimed as soon as it listens again', async t => {
    const { schema, copies } = await twoCopies(t)
    const [here, there] = copies.map(copy => copy.url) as [string, string]
    const claiming = claimTask(here, { wait: 50 })
    // The other copy creates the task at the very moment at which this copy can't listen.
    const listening = `SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`
    await until('both listen', async () => (await query(schema, listening)).length === 2)
    await query(schema, `SELECT pg_terminate_backend(pid) FROM (${listening}) AS listening`)
    await createTask(there, 1)
    const started = performance.now()
    assert.equal((await claiming)?.id, taskId(1))
    assert.ok(performance.now() - started < 20_000)
  })

  test('fault: a copy is killed: the other takes its leases back, and no task is lost', async t => {
    const { copies } = await twoCopies(t, { EXPIRY_CHECK_MS: '50' })
    const [killed, other] = copies
    if (!killed || !other) assert.fail('there are not two copies')
    await Promise.all(numbers(100).map(number => createTask(killed.url, number)))
    const leased: (Task | undefined)[] = []
    const working = numbers(8).map(async () => {
      // This ends after 80 claims: on a busy machine, leases would run out until tasks have no attempt left.
      while (leased.length < 80) leased.push(await claimTask(killed.url, { leaseMs: 2000 }))
    })
    await until('some are leased', () => leased.length >= 30)
    killed.signal('SIGKILL')
    await Promise.allSettled(working)
    await killed.ended
    const claimed = new Set<string>()
    await until('all were claimed through the other', async () => {
      for (let task = await claimTask(other.url); task; task = await claimTask(other.url))
        claimed.add(task.id)
      return claimed.size === 100
    })
    const { failed } = (await httpRequest(other.url, '/stats')).json()
    assert.equal(failed, 0)
  })
})
