import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TaskQuery, TaskStore } from '../../src/engine/engine.ts'
import { error, facts, ManualClock, newTask, taskId } from '../sample-tasks.ts'
import { changed, claim, createTasks, type OpenEngine } from './open-engine.ts'

export function listingsAreOrdered(openEngine: OpenEngine): void {
  test('a listing can begin at an id', async t => {
    const store = await openEngine(t, new ManualClock())
    await createTasks(store, 5)
    const list = async (query: Partial<TaskQuery>) =>
      (await store.list({ limit: 10, leastId: taskId(3), ...query })).tasks.map(({ id }) => id)
    assert.deepEqual(await list({}), [5, 4, 3].map(taskId))
    assert.deepEqual(await list({ cursor: taskId(5), state: 'not-started' }), [4, 3].map(taskId))
    assert.deepEqual(await list({ state: 'failed' }), [])
  })

  test('a listing by preset contains only tasks of that preset, page by page, also by owner and state', async t => {
    const store = await openEngine(t, new ManualClock())
    const given = [
      { preset: 'shop', owner: 'alice' },
      { preset: 'shop' },
      { preset: 'Shop' },
      {},
      { preset: 'shop', owner: 'bob' },
    ]
    for (const [n, task] of given.entries()) await store.create(taskId(n + 1), newTask(task))
    await claim(store)
    const list = (query: Partial<TaskQuery>) => readPages(store, { limit: 2, ...query })
    assert.deepEqual(await list({ preset: 'shop' }), [[5, 2].map(taskId), [taskId(1)]])
    assert.deepEqual(await list({ preset: 'shop', owner: 'alice' }), [[taskId(1)]])
    assert.deepEqual(await list({ preset: 'shop', state: 'in-progress' }), [[taskId(1)]])
    assert.deepEqual(await list({ preset: 'none' }), [[]])
  })

  const clock = new ManualClock()

  test('an empty store lists nothing', async t => {
    const store = await openEngine(t, clock)
    assert.deepEqual((await store.list({ limit: 10 })).tasks, [])
  })

  test('tasks are listed newest first, in any order of storing', async t => {
    const store = await openEngine(t, clock)
    for (const number of [2, 4, 1, 3]) await store.create(taskId(number), newTask())
    assert.deepEqual((await readPages(store, { limit: 10 })).flat(), [4, 3, 2, 1].map(taskId))
    assert.deepEqual((await store.list({ limit: 1 })).tasks, [await store.get(taskId(4))])
  })

  test('a listing by state contains only tasks in that state', async t => {
    const store = await openEngine(t, clock)
    await prepareAllStates(store)
    const listed = async (state: 'not-started' | 'in-progress' | 'finished' | 'failed') =>
      (await readPages(store, { state, limit: 1 })).flat()
    assert.deepEqual(await listed('finished'), [taskId(1)])
    assert.deepEqual(await listed('failed'), [taskId(2)])
    assert.deepEqual(await listed('in-progress'), [taskId(3)])
    assert.deepEqual(await listed('not-started'), [taskId(5), taskId(4)])
  })

  test('a listing of tasks that ended before an instant leaves out tasks that ended at it, and unfinished tasks', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    await prepareAllStates(store, () => clock.advance(1000))
    const ends = [1, 2].map(async number => (await store.get(taskId(number)))?.finishedAt ?? '')
    const [first, second] = (await Promise.all(ends)).map(end => new Date(end))
    assert.deepEqual((await readPages(store, { endedBefore: first, limit: 10 })).flat(), [])
    assert.deepEqual((await readPages(store, { endedBefore: second, limit: 10 })).flat(), [taskId(1)])
    const later = { endedBefore: new Date(clock.now().getTime() + 1), limit: 1 }
    assert.deepEqual((await readPages(store, later)).flat(), [taskId(2), taskId(1)])
    assert.deepEqual((await readPages(store, { ...later, state: 'failed' })).flat(), [taskId(2)])
  })

  test('pages of any size together contain all tasks once, although others are added meanwhile', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 15)
    let newest = 15
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 16 }), async limit => {
        const before = Array.from({ length: newest }, (_, n) => taskId(newest - n))
        const pages = await readPages(store, { limit }, () => store.create(taskId(++newest), newTask()))
        assert.ok(pages.every(page => page.length <= limit))
        assert.deepEqual(pages.flat(), before)
      }),
      { numRuns: 12 },
    )
  })

  test('a listing continues at its cursor although the last listed task was deleted', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 4)
    const { next } = await store.list({ limit: 2 })
    await store.delete(taskId(3))
    const { tasks } = await store.list({ limit: 2, cursor: next })
    assert.deepEqual(
      tasks.map(({ id }) => id),
      [taskId(2), taskId(1)],
    )
  })

  test('ids without a task, of deleted tasks, and invalid ids are unknown', async t => {
    const store = await openEngine(t, clock)
    await createTasks(store, 3)
    await store.delete(taskId(2))
    const odd = ['', 'ü', "'", '"', 'NULL', '[]', 'x'.repeat(128)]
    const ids = [taskId(1), taskId(2), taskId(3), taskId(4), ...odd]
    assert.deepEqual(new Set(await store.findUnknown(ids)), new Set([taskId(2), taskId(4), ...odd]))
    assert.deepEqual(await store.findUnknown([]), [])
  })
}

/** 1 finished, 2 failed, 3 in progress, 4 and 5 not started. */
async function prepareAllStates(store: TaskStore, between: () => void = () => undefined): Promise<void> {
  await createTasks(store, 5)
  for (const _ of [1, 2, 3]) await claim(store)
  between()
  changed(await store.apply(taskId(1), { type: 'finish', token: 1, result: facts }))
  between()
  changed(await store.apply(taskId(2), { type: 'fail', token: 1, error, retryable: false }))
}

/** The ids of all pages of a listing. */
async function readPages(
  store: TaskStore,
  query: Omit<TaskQuery, 'cursor'>,
  between: () => Promise<unknown> = async () => undefined,
): Promise<string[][]> {
  const pages: string[][] = []
  let cursor: string | undefined
  do {
    const { tasks, next } = await store.list({ ...query, cursor })
    pages.push(tasks.map(({ id }) => id))
    cursor = next
    await between()
  } while (cursor !== undefined)
  return pages
}
