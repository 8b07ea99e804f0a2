import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MigrationIncomplete } from '../../src/migration-incomplete.ts'
import { beginTask } from '../../src/transitions.ts'
import { facts, ManualClock, newTask, taskId } from '../sample-tasks.ts'
import { changed, claim, type OpenEngine } from './open-engine.ts'

export function tasksHaveOwners(openEngine: OpenEngine): void {
  const clock = new ManualClock()

  test('a task keeps its owner until its end', async t => {
    const store = await openEngine(t, clock)
    await store.create(taskId(1), newTask({ owner: 'alice' }))
    await claim(store)
    const { owner } = changed(await store.apply(taskId(1), { type: 'finish', token: 1, result: facts }))
    assert.deepEqual([owner, (await store.get(taskId(1)))?.owner], ['alice', 'alice'])
  })

  test('one idempotency key makes a task each for two owners and for no owner; each gets its own task again', async t => {
    const store = await openEngine(t, clock)
    const owners = [{}, { owner: 'alice' }, { owner: 'bob' }]
    const given = owners.map(owner => newTask({ ...owner, idempotencyKey: 'upload-1' }))
    const first = await Promise.all(given.map((task, index) => store.create(taskId(index + 1), task)))
    assert.deepEqual(
      first.map(({ isNew, task }) => [isNew, task.id]),
      [1, 2, 3].map(number => [true, taskId(number)]),
    )
    const again = await Promise.all(given.map((task, index) => store.create(taskId(index + 11), task)))
    assert.deepEqual(
      again,
      first.map(({ task }) => ({ isNew: false, task })),
    )
  })

  test('a task is found by its idempotency key only for its owner', async t => {
    const store = await openEngine(t, clock)
    const key = 'schlüssel \0 🔑'
    for (const [n, owner] of [undefined, 'alice', 'bob'].entries())
      await store.create(
        taskId(n + 1),
        newTask({ idempotencyKey: key, ...(owner !== undefined && { owner }) }),
      )
    await store.create(taskId(4), newTask({ owner: 'carol' }))
    const find = async (owner: string | undefined, idempotencyKey = key) =>
      (await store.findByKey({ owner, idempotencyKey }))?.id
    assert.deepEqual(await Promise.all([undefined, 'alice', 'bob', 'carol'].map(owner => find(owner))), [
      ...[1, 2, 3].map(taskId),
      undefined,
    ])
    assert.equal(await find('alice', 'another key'), undefined)
    await store.delete(taskId(2))
    assert.equal(await find('alice'), undefined)
  })

  test('two owners that use one idempotency key at once get one task each', async t => {
    const store = await openEngine(t, clock)
    const creations = Array.from({ length: 30 }, (_, n) =>
      store.create(
        taskId(n + 1),
        newTask({ owner: n % 2 === 0 ? 'alice' : 'bob', idempotencyKey: 'upload-1' }),
      ),
    )
    const answers = await Promise.all(creations)
    assert.equal(answers.filter(({ isNew }) => isNew).length, 2)
    for (const [n, { task }] of answers.entries()) assert.equal(task.owner, n % 2 === 0 ? 'alice' : 'bob')
  })

  test('a listing by owner contains only the tasks of that owner, page by page, also by state', async t => {
    const store = await openEngine(t, clock)
    const owners = [{ owner: 'alice' }, { owner: 'bob' }, {}, { owner: 'alice' }, { owner: 'alice' }]
    for (const [n, owner] of owners.entries()) await store.create(taskId(n + 1), newTask(owner))
    await claim(store)
    const listed = async (query: object) =>
      (await store.list({ limit: 10, ...query })).tasks.map(({ id }) => id)
    assert.deepEqual(await listed({ owner: 'alice' }), [5, 4, 1].map(taskId))
    assert.deepEqual(await listed({ owner: 'bob' }), [taskId(2)])
    assert.deepEqual(await listed({ owner: 'carol' }), [])
    assert.deepEqual(await listed({ owner: 'alice', state: 'not-started' }), [5, 4].map(taskId))
    assert.deepEqual(await listed({}), [5, 4, 3, 2, 1].map(taskId))
    const { next } = await store.list({ owner: 'alice', limit: 1 })
    assert.deepEqual(await listed({ owner: 'alice', cursor: next, limit: 1 }), [taskId(4)])
  })

  test('the tasks of an owner that are not started are counted', async t => {
    const store = await openEngine(t, clock)
    for (const [n, owner] of ['alice', 'alice', 'bob', undefined, 'alice'].entries())
      await store.create(taskId(n + 1), newTask(owner === undefined ? {} : { owner }))
    assert.equal(await store.countWaiting('alice'), 3)
    await claim(store)
    assert.equal(await store.countWaiting('alice'), 2)
    await store.delete(taskId(2))
    assert.deepEqual(
      await Promise.all(['alice', 'bob', 'carol'].map(owner => store.countWaiting(owner))),
      [1, 1, 0],
    )
  })

  test('restored tasks have their owners, and only those of one owner share idempotency keys', async t => {
    const store = await openEngine(t, clock)
    const key = { idempotencyKey: 'upload-1' }
    const tasks = [{ owner: 'alice', ...key }, { owner: 'bob', ...key }, key].map((given, n) =>
      beginTask(taskId(n + 1), newTask(given), clock.now()),
    )
    assert.equal(await store.restore(tasks), 3)
    assert.deepEqual((await store.list({ owner: 'bob', limit: 10 })).tasks, [tasks[1]])
    const other = beginTask(taskId(9), newTask({ owner: 'bob', ...key }), clock.now())
    await assert.rejects(store.restore([other]), MigrationIncomplete)
  })
}
