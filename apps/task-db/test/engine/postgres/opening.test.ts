import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { createLogger, StoreMisconfigured, StoreUnavailable } from '@darkroom/service-kit'
import { httpRequest, RecordedLog, startPostgres, until, withEngine } from '@darkroom/testing'
import { Client } from 'pg'
import { connectOnce } from '../../../src/engine/postgres/connection.ts'
import { waitForDisk } from '../../../src/engine/postgres/durability.ts'
import { migrationLock } from '../../../src/engine/postgres/migrations.ts'
import { claim, createTasks } from '../../conformance/open-engine.ts'
import { newTask, taskId } from '../../sample-tasks.ts'
import { emptySchema, openPostgresStore, query } from './postgres-store.ts'
import { createTask, startCopy } from './service.ts'

await withEngine('postgres', async program => {
  const risky = { fsync: 'off', synchronous_commit: 'off' }
  const file = { after }
  const postgres = await startPostgres(file, program, { settings: risky })
  const { url } = postgres

  test('copies that start together on an empty database all become ready, and share it', async t => {
    const schema = await emptySchema(url)
    const copies = await Promise.all([1, 2, 3, 4].map(() => startCopy(t, schema)))
    for (const [index, copy] of copies.entries()) {
      await until('it is ready', async () => (await httpRequest(copy.url, '/readyz')).status === 200)
      assert.equal((await createTask(copy.url, index + 1)).status, 201)
    }
    assert.deepEqual(await query(schema, 'SELECT version FROM schema_version'), [{ version: 7 }])
  })

  test('a database with a newer schema is refused, and stays as it is', async t => {
    const schema = await emptySchema(url)
    const store = await openPostgresStore(schema)
    t.after(() => store.close())
    await createTasks(store, 1)
    await query(schema, 'UPDATE schema_version SET version = 8')
    const refusal =
      /PostgreSQL cannot be used: the schema of the tasks has version 8; this program supports versions up to 7: use a newer Darkroom/
    await assert.rejects(openPostgresStore(schema), error => {
      assert.ok(error instanceof StoreMisconfigured)
      assert.match(error.message, refusal)
      return true
    })
    assert.deepEqual(await query(schema, 'SELECT version FROM schema_version'), [{ version: 8 }])
  })

  test('a database whose encoding lacks characters is refused, and no table is created', async () => {
    await postgres.query(`CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
    const latin = new URL('/latin', url).href
    await assert.rejects(openPostgresStore(latin), error => {
      assert.ok(error instanceof StoreMisconfigured)
      assert.match(
        error.message,
        /the encoding LATIN1 of its database lacks characters: create the database with/,
      )
      return true
    })
    assert.deepEqual(await query(latin, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`), [])
  })

  test('fault: the migrations get no response: this is logged, requests are refused in time, and the store can be closed', async t => {
    const schema = await emptySchema(url)
    const holder = await lockMigrations(t, schema, 60_000)
    const log = new RecordedLog()
    const logger = createLogger('task-db', 'warn', log)
    const store = await openPostgresStore(schema, { timeoutMs: 300, logger })
    t.after(() => store.close())
    const isLogged = () => log.lines.some(({ reason }) => String(reason).includes('hangs, or another copy'))
    await until('it is logged', isLogged)
    await assert.rejects(store.stats(), StoreUnavailable)
    const startedAt = performance.now()
    await store.close()
    assert.ok(performance.now() - startedAt < 5000)
    await holder.query('SELECT 1') // its connection is still open
  })

  test('fault: a copy hangs in its migrations: its transaction is ended, and others continue', async t => {
    const schema = await emptySchema(url)
    await lockMigrations(t, schema, 1000)
    const store = await openPostgresStore(schema, { timeoutMs: 300 })
    t.after(() => store.close())
    await until('it is usable', () => store.stats())
  })

  test('server settings that endanger answered tasks are logged as warnings', async t => {
    const log = new RecordedLog()
    const store = await openPostgresStore(await emptySchema(url), {
      logger: createLogger('task-db', 'warn', log),
    })
    t.after(() => store.close())
    assert.deepEqual(log.errors.map(({ setting }) => setting).sort(), ['fsync', 'synchronous_commit'])
  })

  test('commits wait for the disk, although the server’s default is not to wait', async t => {
    const client = new Client(url)
    await client.connect()
    t.after(() => client.end())
    const shown = async () => (await client.query('SHOW synchronous_commit')).rows[0].synchronous_commit
    assert.equal(await shown(), 'off')
    await waitForDisk(client)
    assert.equal(await shown(), 'on')
    await client.query('SET synchronous_commit = remote_apply')
    await waitForDisk(client)
    assert.equal(await shown(), 'remote_apply')
  })

  test('the store uses the clock of the database unless it is given another clock', async t => {
    const store = await openPostgresStore(await emptySchema(url))
    t.after(() => store.close())
    const instant = async () =>
      Number((await query(url, 'SELECT extract(epoch FROM now()) * 1000 AS ms'))[0]?.ms)
    const before = await instant()
    const { task } = await store.create(taskId(1), newTask())
    const leased = await claim(store)
    const later = await instant()
    for (const time of [task.createdAt, leased.startedAt]) {
      assert.ok(Date.parse(time ?? '') >= Math.floor(before) && Date.parse(time ?? '') <= later)
    }
  })

  test('characters that PostgreSQL cannot store in texts cause no error', async t => {
    const store = await openPostgresStore(await emptySchema(url))
    t.after(() => store.close())
    const idempotencyKey = 'a\0b\ud800'
    const { task } = await store.create(taskId(1), newTask({ idempotencyKey }))
    assert.equal(task.idempotencyKey, idempotencyKey)
    const again = await store.create(taskId(2), newTask({ idempotencyKey }))
    assert.deepEqual(again, { isNew: false, task })
    assert.deepEqual((await store.list({ limit: 5, cursor: 'z\0' })).tasks, [task])
    assert.deepEqual(await store.findUnknown(['\0', taskId(1)]), ['\0'])
  })

  test('closing waits until a write in progress is stored, and may be repeated', async t => {
    const schema = await emptySchema(url)
    const store = await openPostgresStore(schema)
    const write = store.create(taskId(1), newTask())
    await Promise.all([store.close(), store.close()])
    await write
    const again = await openPostgresStore(schema)
    t.after(() => again.close())
    assert.ok(await again.get(taskId(1)))
  })

  test('the counts stay exact, in few rows, after many changes', async t => {
    const schema = await emptySchema(url)
    const store = await openPostgresStore(schema)
    t.after(() => store.close())
    for (let round = 0; round < 100; round += 1) {
      await store.create(taskId(round + 1), newTask())
      if (round % 2 === 0) await store.delete(taskId(round + 1))
    }
    const rows = async () => Number((await query(schema, 'SELECT count(*) AS rows FROM counts'))[0]?.rows)
    await until('they are summed up', async () => (await rows()) <= 64)
    assert.equal((await store.stats())['not-started'], 50)
  })
})

/** Behaves like a copy that hangs in its migrations. After the timeout, the server ends its transaction. */
async function lockMigrations(t: TestContext, url: string, timeoutMs: number): Promise<Client> {
  const client = await connectOnce({ connectionString: url }, { timeoutMs })
  t.after(() => client.end())
  await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${migrationLock})`)
  return client
}
