import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { startPostgres, until, withEngine } from '@darkroom/testing'
import { Client } from 'pg'
import { changed, claim, leaseMs } from '../../conformance/open-engine.ts'
import { newTask, taskId } from '../../sample-tasks.ts'
import { emptySchema, openPostgresStore, query } from './postgres-store.ts'

await withEngine('postgres', async program => {
  const { url } = await startPostgres({ after }, program)

  /** A store, and other transactions in its schema. */
  async function openStore(t: TestContext) {
    const schema = await emptySchema(url)
    const store = await openPostgresStore(schema)
    t.after(() => store.close())
    const begin = async () => {
      const client = new Client(schema)
      await client.connect()
      t.after(() => client.end())
      await client.query('BEGIN')
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      const blocked = `SELECT 1 FROM pg_stat_activity WHERE ${rows[0]?.pid} = ANY (pg_blocking_pids(pid))`
      const untilBlocking = () =>
        until('the store waits for it', async () => (await query(url, blocked)).length > 0)
      return { client, untilBlocking }
    }
    return { store, begin }
  }

  const lockNow = 'SELECT 1 FROM tasks WHERE id = $1 FOR UPDATE NOWAIT'

  test('a claim that waits for locked tasks locks one at a time, so it deadlocks with no other transaction', async t => {
    const { store, begin } = await openStore(t)
    // The greater id comes first.
    await store.create(taskId(1), newTask({ urgency: 3 }))
    await store.create(taskId(2), newTask({ urgency: 0 }))
    const [first, second] = [await begin(), await begin()]
    await first.client.query("UPDATE tasks SET state = 'finished' WHERE id = $1", [taskId(2)])
    await second.client.query(lockNow, [taskId(1)])
    const claiming = store.claim('worker-1', leaseMs)
    await first.untilBlocking()
    await first.client.query('COMMIT')
    await second.untilBlocking()
    await second.client.query(lockNow, [taskId(2)])
    await second.client.query('COMMIT')
    assert.equal((await claiming)?.id, taskId(1))
  })

  test('a given task that is returned at the moment of its claim is not exchanged for a less urgent one', async t => {
    const { store, begin } = await openStore(t)
    await store.create(taskId(1), newTask({ owner: 'alice', urgency: 0 }))
    await store.create(taskId(2), newTask({ owner: 'alice', urgency: 3 }))
    const waiting = await store.get(taskId(1))
    assert.equal((await claim(store)).id, taskId(1))
    const { client, untilBlocking } = await begin()
    await client.query("UPDATE tasks SET state = 'not-started', document = $1 WHERE id = $2", [
      JSON.stringify(waiting),
      taskId(1),
    ])
    const claiming = store.apply(taskId(1), { type: 'claim', worker: 'worker-2', leaseMs })
    await untilBlocking()
    await client.query('COMMIT')
    assert.equal(changed(await claiming).id, taskId(1))
  })
})
