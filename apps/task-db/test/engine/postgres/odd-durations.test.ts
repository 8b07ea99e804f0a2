import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startPostgres, withEngine } from '@darkroom/testing'
import { claim, leaseMs } from '../../conformance/open-engine.ts'
import { ManualClock, newTask, taskId } from '../../sample-tasks.ts'
import { emptySchema, openPostgresStore, query } from './postgres-store.ts'

await withEngine('postgres', async program => {
  const { url } = await startPostgres({ after }, program)

  test('a lease with a duration beyond all integers of PostgreSQL does not stop the return of others', async t => {
    const schema = await emptySchema(url)
    const clock = new ManualClock()
    const store = await openPostgresStore(schema, { now: clock.now })
    t.after(() => store.close())
    for (const [index, digits] of [10, 12, 19, 40, 2000].entries()) {
      const [odd, other] = [taskId(2 * index + 1), taskId(2 * index + 2)]
      for (const id of [odd, other]) {
        await store.create(id, newTask())
        await claim(store)
      }
      const text = `replace(document::text, '"durationMs":${leaseMs}', '"durationMs":${'9'.repeat(digits)}')`
      await query(schema, `UPDATE tasks SET document = ${text}::json WHERE id = '${odd}'`)
      clock.advance(leaseMs + 1)
      const expired = await store.expireLeases()
      assert.ok(
        expired.some(({ id }) => id === other),
        `${digits} digits`,
      )
      for (const id of [odd, other]) await store.delete(id)
    }
  })
})
