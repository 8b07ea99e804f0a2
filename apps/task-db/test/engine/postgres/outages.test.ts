import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  type HttpResponse,
  httpRequest,
  mainOf,
  startPostgres,
  startProgram,
  temporaryFolder,
  until,
  withEngine,
} from '@darkroom/testing'
import { facts, taskId } from '../../sample-tasks.ts'
import { openPostgresStore } from './postgres-store.ts'
import { createTask, post, startCopy } from './service.ts'

withEngine('postgres', program => {
  test('fault: PostgreSQL is unavailable when a copy starts: the copy is not ready until PostgreSQL answers', async t => {
    const postgres = await startPostgres(t, program)
    await postgres.stop()
    const { url } = await startCopy(t, postgres.url, { TASK_STORE_TIMEOUT_MS: '2000' })
    const response = await httpRequest(url, '/readyz')
    assert.equal(response.status, 503)
    assert.match(String(response.json().detail), /PostgreSQL does not answer/)
    const refused = await createTask(url, 1)
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1'])
    await postgres.start()
    await until('it is ready', async () => (await httpRequest(url, '/readyz')).status === 200)
    assert.equal((await createTask(url, 1)).status, 201)
  })

  test('fault: PostgreSQL is killed under load, three times: answered changes are kept, and took effect once', async t => {
    const postgres = await startPostgres(t, program)
    const copies = await Promise.all([1, 2].map(() => startCopy(t, postgres.url, { LOG_LEVEL: 'error' })))
    const [first, second] = copies.map(copy => copy.url) as [string, string]
    const load = startLoad([first, second])
    for (const round of [1, 2, 3]) {
      await until('it works', () => load.finished.size >= round * 60, 60_000)
      await postgres.kill()
      await postgres.start()
    }
    await until('work continues', () => load.finished.size >= 240, 60_000)
    await load.end()

    assert.deepEqual(
      new Set(load.otherStatuses),
      new Set(load.otherStatuses.filter(status => status === 503)),
    )
    assert.equal(new Set(load.claims).size, load.claims.length, 'a task was claimed twice under one token')
    for (const [id, token] of load.finished) {
      const task = (await httpRequest(first, `/tasks/${id}`)).json()
      assert.deepEqual([task.state, task.claims], ['finished', token])
    }
    for (const id of load.created) assert.equal((await httpRequest(second, `/tasks/${id}`)).status, 200)
  })

  test('fault: PostgreSQL hangs, but keeps its connections: 503 in time', async t => {
    const postgres = await startPostgres(t, program)
    const { url } = await startCopy(t, postgres.url, { TASK_STORE_TIMEOUT_MS: '2000' })
    assert.equal((await createTask(url, 1)).status, 201)
    const pids = await serverProcesses(t, postgres.program.pid)
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    const started = performance.now()
    try {
      assert.equal((await createTask(url, 2)).status, 503)
      assert.ok(performance.now() - started < 10_000)
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT')
    }
    await until('work continues', async () => (await createTask(url, 3)).status === 201)
  })

  test('fault: PostgreSQL hangs while a copy closes: the copy does not wait', async t => {
    const postgres = await startPostgres(t, program)
    const store = await openPostgresStore(postgres.url, { timeoutMs: 500 })
    await store.stats()
    const pids = await serverProcesses(t, postgres.program.pid)
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    const started = performance.now()
    const thaw = setTimeout(() => {
      for (const pid of pids) process.kill(pid, 'SIGCONT')
    }, 10_000)
    await store.close()
    assert.ok(performance.now() - started < 9000)
    clearTimeout(thaw)
    for (const pid of pids) process.kill(pid, 'SIGCONT')
  })

  test('a refused password is reported at once, and appears in no output', async t => {
    const postgres = await startPostgres(t, program, { password: 'the right one' })
    const wrong = new URL(postgres.url)
    wrong.password = 'a-secret-that-is-wrong'
    const env = { TASK_STORE_URL: wrong.href, PORT: '0', LOG_LEVEL: 'trace', DATA_DIR: temporaryFolder(t) }
    const service = startProgram(t, [process.execPath, mainOf('task-db')], env)
    assert.equal((await service.ended).code, 1)
    assert.match(service.stderr, /TASK_STORE_URL: PostgreSQL cannot be used: password authentication failed/)
    assert.doesNotMatch(service.stdout + service.stderr, /a-secret|at Database/)

    const right = await startCopy(t, postgres.url, { LOG_LEVEL: 'trace', TASK_STORE_TIMEOUT_MS: '2000' })
    assert.equal((await createTask(right.url, 1)).status, 201)
    await postgres.kill()
    assert.equal((await createTask(right.url, 2)).status, 503)
    assert.match(right.stdout, /PostgreSQL/)
    assert.doesNotMatch(right.stdout + right.stderr, /the right one|the%20right/)
  })

  test('a connection that must be encrypted is never opened unencrypted', async t => {
    const postgres = await startPostgres(t, program)
    const url = `${postgres.url}?sslmode=verify-full`
    const copy = await startCopy(t, url, { TASK_STORE_TIMEOUT_MS: '200', LOG_LEVEL: 'warn' })
    assert.equal((await httpRequest(copy.url, '/readyz')).status, 503)
    assert.match(copy.stdout, /does not support SSL connections/)
  })
})

/** Clients that create, claim and finish tasks through all copies, and record the responses. */
function startLoad(copies: readonly string[]) {
  const created: string[] = []
  const claims: string[] = []
  const finished = new Map<string, number>()
  const otherStatuses: number[] = []
  let number = 0
  let isEnding = false
  /** The response, if it has one of the expected statuses. */
  const expect = async (asked: Promise<HttpResponse>, ...statuses: number[]) => {
    const response = await asked
    if (statuses.includes(response.status)) return response
    otherStatuses.push(response.status)
    return undefined
  }
  const work = async (url: string, client: number) => {
    while (!isEnding) {
      const own = ++number
      if (await expect(createTask(url, own), 201)) created.push(taskId(own))
      const body = { worker: `worker-${client}`, leaseMs: 600_000 }
      const claimed = await expect(post(url, '/tasks/claim', body), 200, 204)
      if (claimed?.status !== 200) continue
      const { id, claims: token } = claimed.json() as { id: string; claims: number }
      claims.push(`${id} ${token}`)
      const message = { state: 'finished', token, result: facts }
      if (await expect(post(url, `/tasks/${id}`, message), 200)) finished.set(id, token)
    }
  }
  const clients = Array.from({ length: 8 }, (_, client) => work(copies[client % copies.length] ?? '', client))
  const end = async () => {
    isEnding = true
    await Promise.all(clients)
  }
  return { created, claims, finished, otherStatuses, end }
}

async function serverProcesses(t: TestContext, pid: number): Promise<number[]> {
  const found = startProgram(t, ['pgrep', '-P', String(pid)])
  await found.ended
  return [pid, ...found.stdout.split('\n').filter(Boolean).map(Number)]
}
