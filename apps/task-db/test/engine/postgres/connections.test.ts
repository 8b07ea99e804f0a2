import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createLogger, StoreUnavailable } from '@darkroom/service-kit'
import { startPostgres, until, withEngine } from '@darkroom/testing'
import { Client } from 'pg'
import { Database } from '../../../src/engine/postgres/database.ts'
import { taskId } from '../../sample-tasks.ts'
import { emptySchema, openPostgresStore, query } from './postgres-store.ts'

await withEngine('postgres', async program => {
  const { url } = await startPostgres({ after }, program)

  /** How many connections of the service meet the condition. */
  const count = async (condition: string) => {
    const text = `SELECT count(*) AS connections FROM pg_stat_activity
      WHERE application_name = 'darkroom task-db' AND ${condition}`
    return Number((await query(url, text))[0]?.connections)
  }

  test('200 simultaneous requests share the allowed connections; one more connection listens', async t => {
    const schema = await emptySchema(url)
    const connections = 3
    const store = await openPostgresStore(schema, { connections, timeoutMs: 60_000 })
    t.after(() => store.close())
    const blocker = new Client(schema)
    await blocker.connect()
    t.after(() => blocker.end())
    await blocker.query('BEGIN; LOCK TABLE tasks')

    const reads = Promise.all(Array.from({ length: 200 }, (_, number) => store.get(taskId(number))))
    let most = 0
    const look = async () => {
      most = Math.max(most, await count('true'))
    }
    await until('all connections are in use', async () => {
      await look()
      return (await count("wait_event_type = 'Lock'")) >= connections
    })
    for (let looks = 0; looks < 20; looks += 1) await look()
    await blocker.query('ROLLBACK')
    assert.equal((await reads).length, 200)
    await look()
    assert.equal(most, connections + 1)
  })

  test('a statement that takes too long is cancelled on the server, and its request is refused', async t => {
    const logger = createLogger('task-db', 'silent')
    const database = await Database.open({
      url: await emptySchema(url),
      connections: 2,
      timeoutMs: 300,
      logger,
    })
    t.after(() => database.close())
    const sleeping = database.read({ text: 'SELECT pg_sleep(600)' })
    const refused = assert.rejects(sleeping, error => {
      assert.ok(error instanceof StoreUnavailable)
      assert.match(String((error.cause as Error).message), /statement timeout|read timeout/)
      return true
    })
    await refused
    await until(
      'it is cancelled',
      async () => (await count("query LIKE '%pg_sleep%' AND state = 'active'")) === 0,
    )
  })
})
