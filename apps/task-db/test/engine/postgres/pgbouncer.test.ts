import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { StoreMisconfigured } from '@darkroom/service-kit'
import { startPgBouncer, startPostgres, withEngine } from '@darkroom/testing'
import { facts, taskId } from '../../sample-tasks.ts'
import { openPostgresStore } from './postgres-store.ts'
import { claimTask, createTask, post, startCopy } from './service.ts'

await withEngine('postgres', program =>
  withEngine('pgbouncer', async pgbouncer => {
    const postgres = await startPostgres({ after }, program)

    test('two copies behind PgBouncer in session mode: tasks of one are claimed and finished at the other', async t => {
      const pooled = await startPgBouncer(t, pgbouncer, postgres, 'session')
      postgres.createDatabase('pooled')
      const [here, there] = await Promise.all([
        startCopy(t, pooled('pooled')),
        startCopy(t, pooled('pooled')),
      ])
      const claiming = claimTask(here.url, { wait: 30 }) // LISTEN wakes it
      assert.equal((await createTask(there.url, 1)).status, 201)
      const { id, claims: token } = (await claiming) ?? assert.fail('no task was claimed')
      assert.equal(id, taskId(1))
      const finished = { state: 'finished', token, result: facts }
      assert.equal((await post(there.url, `/tasks/${id}`, finished)).status, 200)
      const created = Array.from({ length: 100 }, (_, n) => createTask(here.url, n + 2))
      for (const { status } of await Promise.all(created)) assert.equal(status, 201)
    })

    test('task-db refuses PgBouncer in transaction mode when it starts, and names what to change', async t => {
      const sharing = await startPgBouncer(t, pgbouncer, postgres, 'transaction')
      postgres.createDatabase('shared')
      await assert.rejects(openPostgresStore(sharing('shared')), error => {
        assert.ok(error instanceof StoreMisconfigured)
        assert.match(error.message, /a pooler in transaction mode is in front of it; use session mode/)
        return true
      })
    })
  }),
)
