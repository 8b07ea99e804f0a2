import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewTask, Task } from '@darkroom/contracts'
import type { TaskStore } from '../../src/engine/engine.ts'
import { error, facts, ManualClock, newTask, taskId } from '../sample-tasks.ts'
import { changed, claim, get, type OpenEngine } from './open-engine.ts'

const fresh = { isSlow: false, limit: 10, leaseMs: 60_000 }
const slow = { ...fresh, isSlow: true }

async function endTask(store: TaskStore, number: number, given: Partial<NewTask> = {}): Promise<Task> {
  const callback = { url: `http://host-${number}.example/hook`, keptSeconds: 3600 }
  await store.create(taskId(number), newTask({ callback, ...given }))
  const { id, claims } = await claim(store)
  return changed(await store.apply(id, { type: 'finish', token: claims, result: facts }))
}

async function idsOf(tasks: Promise<Task[]>): Promise<string[]> {
  return (await tasks).map(({ id }) => id)
}

export function noticesAreKept(openEngine: OpenEngine): void {
  test('a notice is due with the end of its task, finished or failed, and is leased once at a time', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    const callback = { url: 'https://a.example:8443/hook', keptSeconds: 60 }
    const { task } = await store.create(taskId(1), newTask({ callback, maxAttempts: 1 }))
    assert.deepEqual([task.callback?.state, task.callback?.host], ['waiting', 'a.example:8443'])
    assert.deepEqual(await store.claimNotices(fresh), [])
    const { id, claims } = await claim(store)
    const ended = changed(await store.apply(id, { type: 'fail', token: claims, error, retryable: true }))
    assert.deepEqual([ended.state, ended.callback?.state], ['failed', 'due'])
    const [claimed, ...others] = await store.claimNotices(fresh)
    assert.deepEqual([claimed?.id, claimed?.version, others], [id, ended.version, []])
    assert.deepEqual(await store.claimNotices(fresh), [], 'leased')
    clock.advance(fresh.leaseMs + 1)
    assert.deepEqual(await idsOf(store.claimNotices(fresh)), [id], 'its sender was killed')
  })

  test('the store returns the time since when the oldest notice is due', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    assert.equal(await store.nextNoticeAt(), undefined)
    const dueAts = []
    for (const number of [1, 2]) {
      dueAts.push((await endTask(store, number)).callback?.dueAt)
      clock.advance(10)
    }
    assert.equal(await store.nextNoticeAt(), dueAts[0])
    assert.equal((await store.claimNotices({ ...fresh, limit: 1 })).length, 1)
    assert.equal(await store.nextNoticeAt(), dueAts[1], 'the first is leased')
  })

  test('tasks without a callback have no notice', async t => {
    const store = await openEngine(t, new ManualClock())
    await store.create(taskId(1), newTask())
    const { id, claims } = await claim(store)
    changed(await store.apply(id, { type: 'finish', token: claims, result: facts }))
    assert.deepEqual(await store.claimNotices(fresh), [])
    assert.equal((await store.apply(id, { type: 'repeat-notice' }))?.kind, 'refused')
  })

  test('notices are claimed in the order in which they became due, of the requested hosts', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    for (const number of [1, 2, 3, 4]) {
      await endTask(store, number)
      clock.advance(10)
    }
    const claim = { ...fresh, limit: 2, exceptHosts: ['host-1.example', 'host-3.example'] }
    assert.deepEqual(await idsOf(store.claimNotices(claim)), [taskId(2), taskId(4)])
    assert.deepEqual(await store.claimNotices(claim), [])
    const onlyOthers = { ...fresh, onlyHosts: ['host-3.example', 'host-5.example'] }
    assert.deepEqual(await idsOf(store.claimNotices(onlyOthers)), [taskId(3)])
    assert.deepEqual(await store.claimNotices(onlyOthers), [])
    assert.deepEqual(await idsOf(store.claimNotices({ ...fresh, limit: 1 })), [taskId(1)])
  })

  test('after a failed attempt, a notice is slow and due after a pause; a returned notice counts no attempt', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    const { id } = await endTask(store, 1)
    const claimOf = async (given: typeof fresh) => (await store.claimNotices(given))[0]?.callback?.token ?? 0
    const report = async (report: object) =>
      changed(await store.apply(id, { type: 'report-notice', report: report as never })).callback
    const returned = { state: 'returned', token: await claimOf(fresh), isSlow: false, retryMs: 100 }
    assert.equal((await report(returned))?.attempts, 0)
    assert.deepEqual(await store.claimNotices(fresh), [])
    clock.advance(101)
    const failed = { state: 'due', token: await claimOf(fresh), answer: '503', retryMs: 5000 }
    const { attempts, answer, state, isSlow } = (await report(failed)) ?? {}
    assert.deepEqual([attempts, answer, state, isSlow], [1, '503', 'due', true])
    clock.advance(5001)
    assert.deepEqual(await store.claimNotices(fresh), [])
    const delivered = { state: 'delivered', token: await claimOf(slow), answer: '204' }
    assert.deepEqual(
      [(await report(delivered))?.state, (await get(store, 1)).callback?.attempts],
      ['delivered', 2],
    )
    clock.advance(1_000_000)
    assert.deepEqual([await store.claimNotices(fresh), await store.claimNotices(slow)], [[], []])
  })

  test('a report of an earlier claim, or a second one, changes nothing', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    const { id } = await endTask(store, 1)
    const [first] = await store.claimNotices(fresh)
    clock.advance(fresh.leaseMs + 1)
    const [second] = await store.claimNotices(fresh)
    const reportOf = (task: Task | undefined) =>
      store.apply(id, {
        type: 'report-notice',
        report: { state: 'delivered', token: task?.callback?.token ?? 0, answer: '200' },
      })
    assert.equal((await reportOf(first))?.kind, 'refused')
    changed(await reportOf(second))
    assert.equal((await reportOf(second))?.kind, 'refused')
  })

  test('a notice can be repeated, and a retried task has a second one; a deleted task has none', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    const callback = { url: 'http://a.example', keptSeconds: 60 }
    await store.create(taskId(1), newTask({ callback, maxAttempts: 1 }))
    assert.equal((await store.apply(taskId(1), { type: 'repeat-notice' }))?.kind, 'refused', 'not ended')
    const { id, claims } = await claim(store)
    const ended = changed(await store.apply(id, { type: 'fail', token: claims, error, retryable: false }))
    await store.claimNotices(fresh)
    changed(await store.apply(id, { type: 'repeat-notice' }))
    assert.equal((await store.claimNotices(fresh))[0]?.version, ended.version)
    assert.equal(changed(await store.apply(id, { type: 'retry' })).callback?.state, 'waiting')
    clock.advance(fresh.leaseMs + 1)
    assert.deepEqual(await store.claimNotices(fresh), [], 'while the task waits')
    const again = await claim(store)
    const finished = changed(await store.apply(id, { type: 'finish', token: again.claims, result: facts }))
    assert.ok(finished.version > ended.version)
    await store.delete(id)
    assert.deepEqual(await store.claimNotices(fresh), [])
  })
}
