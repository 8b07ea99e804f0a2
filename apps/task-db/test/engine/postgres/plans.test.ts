import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { startPostgres, withEngine } from '@darkroom/testing'
import { Client } from 'pg'
import { claimGivenTasks, claimTasks, nextWaiting } from '../../../src/engine/postgres/claims.ts'
import { openPool } from '../../../src/engine/postgres/connection.ts'
import { choosePlans, plansLastMs } from '../../../src/engine/postgres/plans.ts'
import { prepared, type Statement } from '../../../src/engine/postgres/statement.ts'
import { attemptQuery } from '../../../src/engine/postgres/transaction.ts'
import { leaseMs } from '../../conformance/open-engine.ts'
import { newTask, taskId } from '../../sample-tasks.ts'
import { emptySchema, openPostgresStore } from './postgres-store.ts'

/** The plan of a statement for any values. */
async function planOf(client: Client, statement: Statement, now?: number): Promise<string> {
  await Promise.all(choosePlans(client, statement, now))
  const config = prepared(statement)
  await client.query(config)
  const values = (config.values ?? []).map(() => 'NULL').join()
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN EXECUTE "${config.name}"${values && `(${values})`}`,
  )
  return rows.map(row => row['QUERY PLAN']).join('\n')
}

await withEngine('postgres', async program => {
  const { url } = await startPostgres({ after }, program)

  for (const except of [[], ['image/heic'], ['image/heic', 'variants']])
    test(`claims that skip tasks which need [${except}] read the waiting tasks by their turns, without sorting all`, async t => {
      const schema = await emptySchema(url)
      const store = await openPostgresStore(schema)
      t.after(() => store.close())
      const numbers = Array.from({ length: 2000 }, (_, index) => index + 1)
      await Promise.all(numbers.map(n => store.create(taskId(n), newTask({ owner: `owner-${n % 20}` }))))
      const client = new Client(schema)
      await client.connect()
      t.after(() => client.end())
      await client.query('ANALYZE tasks')
      const claims = Array.from({ length: 16 }, () => ({ worker: 'worker-1', leaseMs }))
      const events = claims.map((claim, n) => ({
        id: taskId(n + 1),
        event: { type: 'claim' as const, ...claim },
      }))
      const dueFirst = /Index (Only )?Scan using tasks_by_turn on tasks/
      for (const [statement, index] of [
        [nextWaiting(except), dueFirst],
        [claimTasks(claims, except).read, dueFirst],
        [claimGivenTasks(events, except).read, /Index Scan using tasks_pkey on tasks/],
      ] as const) {
        const plan = await planOf(client, statement)
        assert.match(plan, index)
        assert.doesNotMatch(plan, /Seq Scan|Sort Key: (tasks\.)?(turn|urgency)/)
      }
    })

  test('a statement is parsed once per connection; it is planned for its values, unless it keeps its plan', async t => {
    const logger = createLogger('task-db', 'silent')
    const options = { url, connections: 1, timeoutMs: 5000, logger }
    const pool = openPool({ connectionString: url }, options, () => undefined)
    t.after(() => pool.end())
    const planned = { text: 'SELECT relname FROM pg_class WHERE oid = $1' }
    const kept = { text: 'SELECT relkind FROM pg_class WHERE oid = $1', keepsPlan: true }
    for (let oid = 1; oid <= 10; oid++)
      for (const statement of [planned, kept]) await attemptQuery(pool, { ...statement, values: [oid] })
    const { rows } = await pool.query(
      'SELECT statement, custom_plans, generic_plans FROM pg_prepared_statements ORDER BY prepare_time',
    )
    assert.deepEqual(rows, [
      { statement: planned.text, custom_plans: '10', generic_plans: '0' },
      { statement: kept.text, custom_plans: '0', generic_plans: '10' },
    ])
  })

  test('a plan that was made while the table was empty is not used when the table has grown', async t => {
    const client = new Client(await emptySchema(url))
    await client.connect()
    t.after(() => client.end())
    await client.query('CREATE TABLE rows (id integer PRIMARY KEY)')
    await client.query('VACUUM ANALYZE rows')
    const statement = { text: 'SELECT FROM rows WHERE id = $1', values: [1], keepsPlan: true }
    assert.match(await planOf(client, statement, 0), /Seq Scan/)
    await client.query('INSERT INTO rows SELECT generate_series(1, 10000)')
    assert.match(await planOf(client, statement, plansLastMs), /Index/)
  })
})
