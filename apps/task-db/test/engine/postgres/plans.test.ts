import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { startPostgres, withEngine } from '@darkroom/testing'
import { Client } from 'pg'
import { claimTasks } from '../../../src/engine/postgres/claims.ts'
import { openPool } from '../../../src/engine/postgres/connection.ts'
import { prepared } from '../../../src/engine/postgres/statement.ts'
import { leaseMs } from '../../conformance/open-engine.ts'
import { newTask, taskId } from '../../sample-tasks.ts'
import { emptySchema, openPostgresStore } from './postgres-store.ts'

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
      const { text, values } = claimTasks(claims, except).read
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, [...values])
      const plan = rows.map(row => row['QUERY PLAN']).join('\n')
      assert.match(plan, /Index Scan using tasks_by_turn on tasks/)
      assert.doesNotMatch(plan, /Sort Key: (tasks\.)?turn/)
    })

  test('a statement is parsed once per connection, and always planned for its values', async t => {
    const logger = createLogger('task-db', 'silent')
    const options = { url, connections: 1, timeoutMs: 5000, logger }
    const pool = openPool({ connectionString: url }, options, () => undefined)
    t.after(() => pool.end())
    const text = 'SELECT relname FROM pg_class WHERE oid = $1'
    for (let oid = 1; oid <= 10; oid++) await pool.query(prepared({ text, values: [oid] }))
    const { rows } = await pool.query(
      'SELECT statement, custom_plans, generic_plans FROM pg_prepared_statements',
    )
    assert.deepEqual(rows, [{ statement: text, custom_plans: '10', generic_plans: '0' }])
  })
})
