import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type TaskState, taskStates } from '@darkroom/contracts'
import type { Clock } from '@darkroom/service-kit'
import { startScript, temporaryFolder, until } from '@darkroom/testing'
import { SqliteTaskStore } from '../../src/engine/sqlite/sqlite.ts'
import { changed, claim, createTasks, get, leaseMs } from '../conformance/open-engine.ts'
import { engineConformance } from '../engine.conformance.ts'
import { facts, ManualClock, newTask, taskId } from '../sample-tasks.ts'

interface Options {
  path?: string
  clock?: Clock
}

function open(t: TestContext, { path = join(temporaryFolder(t), 'tasks.sqlite'), clock }: Options = {}) {
  const store = new SqliteTaskStore({ path, ...(clock && { clock }) })
  t.after(() => store.close())
  return { store, path }
}

engineConformance('SQLite', async (t, { clock }) => open(t, { clock }).store)

test('tasks and their counts are the same when the store is opened again', async t => {
  const { store, path } = open(t)
  await createTasks(store, 3)
  await claim(store)
  changed(await store.apply(taskId(1), { type: 'finish', token: 1, result: facts }))
  await store.delete(taskId(3))
  const before = { tasks: (await store.list({ limit: 10 })).tasks, stats: await store.stats() }
  await store.close()
  const { store: again } = open(t, { path })
  assert.deepEqual({ tasks: (await again.list({ limit: 10 })).tasks, stats: await again.stats() }, before)
})

test('a lease survives a restart, and expires at its end', async t => {
  const clock = new ManualClock()
  const { store, path } = open(t, { clock: clock.clock })
  await createTasks(store, 2)
  await claim(store)
  await claim(store)
  await store.close()
  clock.advance(leaseMs - 1)
  const { store: again } = open(t, { path, clock: clock.clock })
  assert.equal((await again.expireLeases()).length, 0)
  changed(await again.apply(taskId(1), { type: 'finish', token: 1, result: facts }))
  clock.advance(2)
  assert.equal((await again.expireLeases()).length, 1)
  assert.equal((await get(again, 2)).state, 'not-started')
})

test('fault: the clock was set back while the store was closed: a lease still ends on time', async t => {
  const clock = new ManualClock()
  const { store, path } = open(t, { clock: clock.clock })
  await createTasks(store, 1)
  const { id } = await claim(store, 'killed')
  await store.close()
  clock.set(-3_600_000)
  const { store: again } = open(t, { path, clock: clock.clock })
  assert.equal(
    (await again.get(id))?.lease?.expiresAt,
    new Date(clock.now().getTime() + leaseMs).toISOString(),
  )
  clock.advance(leaseMs - 1)
  assert.deepEqual(await again.expireLeases(), [])
  clock.advance(2)
  assert.equal((await again.expireLeases()).length, 1)
})

test('fault: the clock is set forward and back: a valid lease is not ended', async t => {
  const clock = new ManualClock()
  const { store } = open(t, { clock: clock.clock })
  await createTasks(store, 1)
  await claim(store)
  for (const byMs of [86_400_000, -86_400_000]) {
    clock.set(byMs)
    clock.advance(leaseMs / 2 - 1)
    assert.deepEqual(await store.expireLeases(), [])
  }
  clock.advance(3)
  assert.equal((await store.expireLeases()).length, 1)
})

test('closing waits until a write in progress is on disk, and may be repeated', async t => {
  const { store, path } = open(t)
  const write = store.create(taskId(1), newTask())
  await Promise.all([store.close(), store.close()])
  await write
  await store.close()
  assert.ok(await open(t, { path }).store.get(taskId(1)))
})

test('if one check cannot take back all expired leases, the next checks do', async t => {
  const clock = new ManualClock()
  const { store } = open(t, { clock: clock.clock })
  await createTasks(store, 1200)
  await Promise.all(Array.from({ length: 1200 }, () => claim(store)))
  clock.advance(leaseMs + 1)
  const counts: number[] = []
  for (let look = 0; look < 3; look++) counts.push((await store.expireLeases()).length)
  assert.deepEqual(counts, [500, 500, 200])
  assert.equal((await store.stats())['not-started'], 1200)
})

test('fault: every answered change survives kill -9', async t => {
  const path = join(temporaryFolder(t), 'tasks.sqlite')
  const worker = startScript(t, new URL('work-until-killed.ts', import.meta.url), path)
  await until('it has made 2000 changes', () => worker.lines.length >= 2000)
  await worker.kill()
  const { store } = open(t, { path })
  const reported = new Map(worker.lines.map(line => [line.slice(0, 36), line.slice(37) as TaskState]))
  for (const [id, state] of reported) {
    const task = await store.get(id)
    const isAsFar = task && taskStates.indexOf(task.state) >= taskStates.indexOf(state)
    assert.ok(isAsFar, `${id} was printed as ${state}, and is ${task?.state}`)
  }
  const { oldestNotStartedAt: _, ...counts } = await store.stats()
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  assert.ok(total >= reported.size)
})
