import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { startPostgres, startScript, temporaryFolder, until, withEngine } from '@darkroom/testing'
import type { TaskStore } from '../src/engine/engine.ts'
import { SqliteTaskStore } from '../src/engine/sqlite/sqlite.ts'
import { MigrationIncomplete, migrateTasks } from '../src/migrate.ts'
import { openStore } from './build-test-app.ts'
import { changed, claim, createTasks } from './conformance/open-engine.ts'
import { emptySchema, openPostgresStore } from './engine/postgres/postgres-store.ts'
import { error, facts, newTask, taskId } from './sample-tasks.ts'

function migrate(from: TaskStore, to: TaskStore, signal = new AbortController().signal) {
  return migrateTasks({ from, to, signal, onProgress: () => undefined })
}

/** Tasks 1 to `count` in all states; task 1 has an idempotency key, and task 2 an owner. */
async function fill(store: TaskStore, count: number): Promise<void> {
  await store.create(taskId(1), newTask({ idempotencyKey: 'upload-1' }))
  await store.create(taskId(2), newTask({ owner: 'alice' }))
  await createTasks(store, count)
  const claimed = await Promise.all(Array.from({ length: count / 2 }, () => claim(store)))
  await Promise.all(
    claimed.map(async ({ id }, index) => {
      if (index % 3 === 0) changed(await store.apply(id, { type: 'finish', token: 1, result: facts }))
      if (index % 3 === 1) changed(await store.apply(id, { type: 'fail', token: 1, error, retryable: false }))
    }),
  )
}

function openOther(t: TestContext): SqliteTaskStore {
  const store = openStore(t)
  t.after(() => store.close())
  return store
}

async function allTasks(store: TaskStore) {
  return (await store.list({ limit: 10_000 })).tasks
}

test('a task that was changed in the target stays, and a new task there is not an error', async t => {
  const [from, to] = [openOther(t), openOther(t)]
  await createTasks(from, 4)
  assert.deepEqual(
    { ...(await migrate(from, to)), digest: '' },
    { tasks: 4, copied: 4, newer: 0, others: 0, digest: '' },
  )
  const going = await claim(to)
  await to.create(taskId(7), newTask())
  const again = await migrate(from, to)
  assert.deepEqual({ ...again, digest: '' }, { tasks: 4, copied: 0, newer: 1, others: 1, digest: '' })
  assert.deepEqual(await to.get(going.id), going)
})

test('the next run copies the changes since the previous run', async t => {
  const [from, to] = [openOther(t), openOther(t)]
  await createTasks(from, 4)
  await migrate(from, to)
  const task = await claim(from)
  assert.equal((await migrate(from, to)).copied, 1)
  assert.deepEqual(await to.get(task.id), task)
})

test('a task that is lost in the target while it is copied is noticed', async t => {
  const [from, to] = [openOther(t), openOther(t)]
  await createTasks(from, 3)
  const restore = to.restore.bind(to)
  t.mock.method(to, 'restore', async (tasks: Parameters<typeof restore>[0]) => {
    const count = await restore(tasks)
    await to.delete(taskId(2))
    return count
  })
  await assert.rejects(migrate(from, to), new MigrationIncomplete(`the task ${taskId(2)} is missing`))
})

test('a migration that is aborted stops, and the next run completes it', async t => {
  const [from, to] = [openOther(t), openOther(t)]
  await createTasks(from, 1200)
  const controller = new AbortController()
  const running = migrateTasks({
    from,
    to,
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  })
  await assert.rejects(running, /enough/)
  assert.equal((await to.stats())['not-started'], 500)
  assert.equal((await migrate(from, to)).copied, 700)
})

await withEngine('postgres', async program => {
  const { url } = await startPostgres({ after }, program)

  test('tasks move from SQLite to PostgreSQL and back, and are the same', async t => {
    const [from, back] = [openOther(t), openOther(t)]
    const to = await openPostgresStore(await emptySchema(url))
    t.after(() => to.close())
    await fill(from, 1200)
    const there = await migrate(from, to)
    assert.deepEqual([there.tasks, there.copied, there.newer, there.others], [1200, 1200, 0, 0])
    assert.deepEqual(await allTasks(to), await allTasks(from))
    assert.deepEqual(await to.stats(), await from.stats())
    assert.equal((await to.list({ owner: 'alice', limit: 10 })).tasks.length, 1)
    assert.equal((await migrate(to, back)).digest, there.digest)
    assert.deepEqual(await allTasks(back), await allTasks(from))

    // A worker that held a lease in the source finishes its task here.
    const { tasks } = await to.list({ state: 'in-progress', limit: 1 })
    changed(await to.apply(tasks[0]?.id ?? '', { type: 'finish', token: 1, result: facts }))
    assert.equal((await to.create(taskId(5000), newTask({ idempotencyKey: 'upload-1' }))).isNew, false)
  })

  test('fault: the migration is killed: the next run continues it, and no task is doubled or lost', async t => {
    const path = join(temporaryFolder(t), 'tasks.sqlite')
    const schema = await emptySchema(url)
    const from = new SqliteTaskStore({ path })
    await fill(from, 6000)
    await from.close()
    const script = new URL('migrate-stores.ts', import.meta.url)
    const killed = startScript(t, script, `sqlite:${path}`, schema)
    await until('some pages are copied', () => killed.lines.length >= 3)
    await killed.kill()
    assert.ok(!killed.lines.includes('copying 6000'), 'it was killed too late')

    const again = startScript(t, script, `sqlite:${path}`, schema)
    await until('it is complete', () => again.lines.includes('verifying 6000'))
    const source = new SqliteTaskStore({ path: `${path}.copy` })
    t.after(() => source.close())
    const to = await openPostgresStore(schema)
    t.after(() => to.close())
    const copy = await migrate(to, source)
    assert.deepEqual([copy.tasks, copy.copied], [6000, 6000])
  })
})
