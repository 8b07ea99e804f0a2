import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { httpRequest, type Postgres, startPostgres, until, withEngine } from '@darkroom/testing'
import { facts, taskId } from '../../sample-tasks.ts'
import { query } from './postgres-store.ts'
import { claimTask, createTask, post, startCopy } from './service.ts'

withEngine('postgres', program => {
  test('fault: PostgreSQL is a standby: the copy is not ready and writes are refused until it is promoted', async t => {
    const { primary, standby } = await startPair(t, program)
    const first = await startCopy(t, primary.url)
    assert.equal((await createTask(first.url, 1)).status, 201)
    const second = await startCopy(t, standby.url, { TASK_STORE_TIMEOUT_MS: '2000', LOG_LEVEL: 'warn' })
    const response = await httpRequest(second.url, '/readyz')
    assert.equal(response.status, 503)
    const refused = await createTask(second.url, 2)
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1'])
    assert.match(second.stdout, /it is a standby, which refuses writes/)

    await primary.kill()
    await standby.promote()
    await untilReady(second.url)
    assert.equal((await createTask(second.url, 2)).status, 201)
    assert.equal((await claimTask(second.url))?.id, taskId(1))
  })

  test('fault: only a standby answers: the outage is noticed before a lease expires', async t => {
    const { primary, standby } = await startPair(t, program)
    // Other requests are retried for longer than the lease lasts.
    const settings = { TASK_STORE_TIMEOUT_MS: '30000', EXPIRY_CHECK_MS: '50', LOG_LEVEL: 'info' }
    const copy = await startCopy(t, urlOf(primary, standby), settings)
    assert.equal((await createTask(copy.url, 1)).status, 201)
    await claimTask(copy.url, { leaseMs: 20_000 })
    const held = 'SELECT 1 FROM tasks WHERE lease_expires_at > clock_timestamp()'
    await until('the standby has the lease', async () => (await query(standby.url, held)).length === 1)
    await primary.kill()
    await until('it is noticed', () => /expired leases could not be taken back/.test(copy.stdout))
    assert.equal((await query(standby.url, held)).length, 1)
    await standby.promote()
    await until('its end is noticed', () => /expired leases are taken back again/.test(copy.stdout))
  })

  test('fault: PostgreSQL fails over late: the lease still holds, and changes arrive from the new primary', async t => {
    const { primary, standby } = await startPair(t, program, { isSynchronous: true })
    const url = urlOf(primary, standby)
    const settings = { TASK_STORE_TIMEOUT_MS: '2000', EXPIRY_CHECK_MS: '50', LOG_LEVEL: 'info' }
    const copies = await Promise.all([1, 2].map(() => startCopy(t, url, settings)))
    const [first, second] = copies.map(copy => copy.url) as [string, string]
    assert.equal((await createTask(first, 1)).status, 201)
    // The renewal has the same time again after the failover, also on a busy machine.
    const task = await claimTask(first, { leaseMs: 8000 })

    await primary.kill()
    await until('it is not ready', async () => (await httpRequest(first, '/readyz')).status === 503)
    const ended = `SELECT 1 FROM tasks WHERE lease_expires_at < clock_timestamp()`
    await until('the lease has run out', async () => (await query(standby.url, ended)).length === 1)
    assert.equal((await createTask(second, 2)).status, 503)
    await standby.promote()
    await Promise.all([first, second].map(untilReady))

    const renewed = await post(first, `/tasks/${taskId(1)}/lease`, { token: task?.claims, leaseMs: 60_000 })
    assert.equal(renewed.status, 200, String(renewed.body))
    const waiting = claimTask(second, { wait: 50 })
    const message = { state: 'finished', token: task?.claims, result: facts }
    assert.equal((await post(first, `/tasks/${taskId(1)}`, message)).status, 200)
    const { state, attempts } = (await httpRequest(second, `/tasks/${taskId(1)}`)).json()
    assert.deepEqual({ state, attempts }, { state: 'finished', attempts: 1 })
    assert.equal((await createTask(first, 2)).status, 201)
    assert.equal((await waiting)?.id, taskId(2))

    await standby.stop()
    await until('it is not ready', async () => (await httpRequest(first, '/readyz')).status === 503)
    await standby.start()
    await untilReady(first)
    assert.equal((await createTask(first, 3)).status, 201)
    const logged = copies[0]?.stdout.match(/no PostgreSQL server accepts writes/g)
    assert.equal(logged?.length, 2, 'once per outage')
  })

  test('fault: the primary becomes read only and keeps its connections: reads continue, and writes go to the new primary', async t => {
    const { primary, standby } = await startPair(t, program)
    const { url } = await startCopy(t, urlOf(primary, standby), { TASK_STORE_TIMEOUT_MS: '2000' })
    assert.equal((await createTask(url, 1)).status, 201)
    await setReadOnly(primary, true)
    await until('it is not ready', async () => (await httpRequest(url, '/readyz')).status === 503)
    const refused = await createTask(url, 2)
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1'])
    assert.equal((await post(url, '/tasks/claim', { worker: 'w', leaseMs: 1000 })).status, 503)
    assert.equal((await httpRequest(url, `/tasks/${taskId(1)}`)).status, 200)

    await setReadOnly(primary, false)
    await untilReady(url)
    assert.equal((await createTask(url, 2)).status, 201)

    await setReadOnly(primary, true)
    // Connections of the primary read the setting a moment later; until then, it accepts writes.
    await until('it is not ready again', async () => (await httpRequest(url, '/readyz')).status === 503)
    await standby.promote()
    await untilReady(url)
    assert.equal((await createTask(url, 3)).status, 201)
    assert.deepEqual(await query(standby.url, `SELECT id FROM tasks WHERE id = '${taskId(3)}'`), [
      { id: taskId(3) },
    ])
  })

  test('fault: hosts that do not respond, refuse connections or have no name: the server that accepts writes is found', async t => {
    const { primary, standby } = await startPair(t, program)
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    t.after(() => silent.close())
    const { port } = silent.address() as AddressInfo
    const hosts = [`127.0.0.1:${port}`, '127.0.0.1:9', 'nowhere.invalid', `127.0.0.1:${standby.port}`]
    const url = `postgres://postgres@${hosts.join()},localhost:${primary.port}/postgres`
    const copy = await startCopy(t, url, { TASK_STORE_TIMEOUT_MS: '10000' })
    assert.equal((await createTask(copy.url, 1)).status, 201)
  })

  test('fault: PostgreSQL has no connection left: 503 in time, and work continues when one is free', async t => {
    const postgres = await startPostgres(t, program)
    const limit = (connections: number) =>
      query(postgres.url, `ALTER ROLE darkroom CONNECTION LIMIT ${connections}`)
    await query(postgres.url, 'CREATE ROLE darkroom LOGIN')
    await query(postgres.url, 'GRANT CREATE ON SCHEMA public TO darkroom')
    const url = postgres.url.replace('postgres@', 'darkroom@')
    const copy = await startCopy(t, url, { TASK_STORE_TIMEOUT_MS: '2000' })
    await untilReady(copy.url)
    await limit(0)
    await query(
      postgres.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'darkroom'`,
    )
    const refused = await createTask(copy.url, 1)
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1'])
    await limit(-1)
    await untilReady(copy.url)
    assert.equal((await createTask(copy.url, 1)).status, 201)
  })
})

async function startPair(t: TestContext, program: string, { isSynchronous = false } = {}) {
  const primary = await startPostgres(t, program)
  const standby = await startPostgres(t, program, { standbyOf: primary })
  if (isSynchronous) await primary.awaitStandby()
  return { primary, standby }
}

function urlOf(...servers: Postgres[]): string {
  return `postgres://postgres@${servers.map(({ port }) => `127.0.0.1:${port}`).join()}/postgres`
}

async function setReadOnly({ url }: Postgres, isOn: boolean): Promise<void> {
  const writing = `${url}?options=-c%20default_transaction_read_only%3Doff`
  await query(writing, `ALTER SYSTEM SET default_transaction_read_only = ${isOn}`)
  await query(writing, 'SELECT pg_reload_conf()')
}

async function untilReady(url: string): Promise<void> {
  await until('it is ready', async () => (await httpRequest(url, '/readyz')).status === 200, 60_000)
}
