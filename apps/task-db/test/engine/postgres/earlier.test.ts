import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { startPostgres, until, withEngine } from '@darkroom/testing'
import { earlier, goesOnAsBefore } from '../../conformance/earlier-versions.ts'
import { taskId } from '../../sample-tasks.ts'
import { emptySchema, openPostgresStore, query } from './postgres-store.ts'
import { createTask, startCopy } from './service.ts'

await withEngine('postgres', async program => {
  const { url } = await startPostgres({ after }, program)

  async function earlierSchema(): Promise<string> {
    const schema = await emptySchema(url)
    const name = /search_path=(\w+)/.exec(decodeURIComponent(schema))?.[1] ?? ''
    const dump = readFileSync(earlier('tasks-1.sql'), 'utf8')
    await query(
      url,
      dump
        .replaceAll(/\bdarkroom\./g, `${name}.`)
        .replace('CREATE SCHEMA darkroom', `CREATE SCHEMA IF NOT EXISTS ${name}`),
    )
    return schema
  }

  test('a database of a version before owners is migrated: its tasks have no owner, and their keys still hold', async t => {
    const store = await openPostgresStore(await earlierSchema())
    t.after(() => store.close())
    await goesOnAsBefore(store)
  })

  test('two copies that start together migrate a database of a version before owners once', async t => {
    const schema = await earlierSchema()
    const copies = await Promise.all([startCopy(t, schema), startCopy(t, schema)])
    for (const [index, copy] of copies.entries())
      await until(
        'it accepts tasks',
        async () => (await createTask(copy.url, 20 + index)).status === 201 || undefined,
      )
    const columns = `SELECT column_name FROM information_schema.columns
      WHERE table_schema = current_schema() AND column_name = 'owner'`
    assert.equal((await query(schema, columns)).length, 1)
    assert.deepEqual(await query(schema, 'SELECT version FROM schema_version'), [{ version: 7 }])
  })

  test('a copy of the previous version can still create tasks after the migration: they have no owner', async t => {
    const schema = await earlierSchema()
    const store = await openPostgresStore(schema)
    t.after(() => store.close())
    // The statement of the previous version.
    await query(
      schema,
      `INSERT INTO tasks (id, state, lease_expires_at, finished_at, document, urgency, idempotency_key)
        SELECT '${taskId(30)}', state, NULL, NULL, json_build_object('id', '${taskId(30)}', 'state', state), 3, '"new"'
        FROM tasks WHERE id = '${taskId(5)}'`,
    )
    assert.equal((await store.get(taskId(30)))?.owner, undefined)
    assert.equal((await store.list({ limit: 10 })).tasks.length, 6)
  })
})
