import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { assertProblem } from '@darkroom/testing'
import { buildTestApp } from '../build-test-app.ts'
import { error, facts, newTask, taskId } from '../sample-tasks.ts'

const id = taskId(1)

function prepare(t: TestContext) {
  const app = buildTestApp(t)
  return {
    app,
    get: (url: string) => app.inject(url),
    post: (url: string, body: object) => app.inject({ method: 'POST', url, body }),
    remove: (url: string) => app.inject({ method: 'DELETE', url }),
  }
}

/** A task that worker-1 holds with the token 1. */
async function prepareClaimed(t: TestContext) {
  const prepared = prepare(t)
  await prepared.post(`/tasks/${id}`, newTask())
  await prepared.post('/tasks/claim', { worker: 'worker-1', leaseMs: 60_000 })
  return prepared
}

test('a task is created with 201, and the same request again returns 200 with its present state', async t => {
  const { get, post } = prepare(t)
  const made = await post(`/tasks/${id}`, newTask({ idempotencyKey: 'upload-1' }))
  const again = await post(`/tasks/${id}`, newTask())
  const sameKey = await post(`/tasks/${taskId(2)}`, newTask({ idempotencyKey: 'upload-1' }))
  assert.deepEqual(
    [made, again, sameKey].map(response => response.statusCode),
    [201, 200, 200],
  )
  for (const response of [again, sameKey, await get(`/tasks/${id}`)]) {
    assert.deepEqual(response.json(), made.json())
  }
  const { createdAt, ...task } = made.json()
  assert.ok(Math.abs(Date.now() - Date.parse(createdAt)) < 60_000)
  const expected = {
    ...newTask({ idempotencyKey: 'upload-1' }),
    id,
    version: 1,
    urgency: 3,
    attempts: 0,
    claims: 0,
  }
  assert.deepEqual(task, expected)
})

test('the creator of a task does not choose its version, attempts or lease', async t => {
  const { post } = prepare(t)
  const surplus = { id: taskId(2), version: 7, attempts: -5, finishedAt: '2020-01-01T00:00:00.000Z' }
  const response = await post(`/tasks/${id}`, { ...newTask(), ...surplus })
  if (response.statusCode === 400) return // the contract may refuse it, too
  const { finishedAt, ...task } = response.json()
  assert.deepEqual([task.id, task.version, task.attempts, finishedAt], [id, 1, 0, undefined])
})

for (const [what, body] of [
  ['nothing', {}],
  ['a state that cannot be set', { ...newTask(), state: 'in-progress' }],
  ['no operations', { ...newTask(), operations: [] }],
  ['an unknown operation', { ...newTask(), operations: [{ name: 'unknown' }] }],
  ['11 operations', { ...newTask(), operations: Array(11).fill({ name: 'swap-channels', order: 'bgr' }) }],
  ['no attempts', { ...newTask(), maxAttempts: 0 }],
  ['an idempotency key of 256 characters', { ...newTask(), idempotencyKey: 'k'.repeat(256) }],
  ['a callback without a URL', { ...newTask(), callback: { url: 'nowhere', keptSeconds: 1 } }],
  ['an original without facts', { ...newTask(), original: {} }],
  ['a result without a token', { state: 'finished', result: facts }],
  ['a token that no claim returned', { state: 'finished', token: 0, result: facts }],
  ['a token of text', { state: 'finished', token: '1', result: facts }],
  ['a failure without a reason', { state: 'failed', token: 1, retryable: true }],
  ['a failure without `retryable`', { state: 'failed', token: 1, error }],
  ['a return with an unknown property', { state: 'returned', token: 1, surplus: 1 }],
] as const) {
  test(`a task put with ${what} is refused`, async t => {
    const { get, post } = prepare(t)
    assertProblem(await post(`/tasks/${id}`, body), 400, 'invalid-request')
    assert.equal((await get(`/tasks/${id}`)).statusCode, 404)
  })
}

for (const malformed of [
  'x',
  'claim',
  '01990000-0000-4000-8000-000000000001',
  '01990000-0000-7000-8000-00000000000A',
  `${id}0`,
  `%20${id}`,
  `${id}%0a`,
  `..%2f${id}`,
]) {
  test(`the id ${malformed} is refused`, async t => {
    const { get, post, remove } = prepare(t)
    const url = `/tasks/${malformed}`
    assertProblem(await get(url), 400, 'invalid-request')
    assertProblem(await remove(url), 400, 'invalid-request')
    assertProblem(await post(`${url}/lease`, { token: 1, leaseMs: 1000 }), 400, 'invalid-request')
    if (malformed !== 'claim') assertProblem(await post(url, newTask()), 400, 'invalid-request')
  })
}

test('a missing task returns 404 on every route', async t => {
  const { get, post, remove } = prepare(t)
  const responses = [
    await get(`/tasks/${id}`),
    await remove(`/tasks/${id}`),
    await post(`/tasks/${id}/lease`, { token: 1, leaseMs: 1000 }),
    await post(`/tasks/${id}`, { state: 'finished', token: 1, result: facts }),
    await post(`/tasks/${id}`, { state: 'failed', token: 1, error, retryable: true }),
    await post(`/tasks/${id}`, { state: 'returned', token: 1 }),
  ]
  for (const response of responses) assertProblem(response, 404, 'task-not-found')
})

test('a finished task has its result, and a repeated message gets the same response', async t => {
  const { post } = await prepareClaimed(t)
  const message = { state: 'finished', token: 1, result: { ...facts, bytes: 99 } }
  const response = await post(`/tasks/${id}`, message)
  assert.equal(response.statusCode, 200)
  const { state, result, lease } = response.json()
  assert.deepEqual([state, result, lease], ['finished', message.result, undefined])
  const repeated = await post(`/tasks/${id}`, message)
  assert.deepEqual([repeated.statusCode, repeated.json()], [200, response.json()])
})

test('a failed task has its reason; after a retryable failure it waits for the next attempt', async t => {
  const { post } = await prepareClaimed(t)
  const retryable = await post(`/tasks/${id}`, { state: 'failed', token: 1, error, retryable: true })
  assert.deepEqual([retryable.json().state, retryable.json().error], ['not-started', undefined])
  await post('/tasks/claim', { worker: 'worker-2', leaseMs: 60_000 })
  const forGood = await post(`/tasks/${id}`, { state: 'failed', token: 2, error, retryable: false })
  assert.deepEqual([forGood.json().state, forGood.json().error], ['failed', error])
})

test('a returned task counts no attempt', async t => {
  const { post } = await prepareClaimed(t)
  const { statusCode, body } = await post(`/tasks/${id}`, { state: 'returned', token: 1 })
  const { state, attempts, claims } = JSON.parse(body)
  assert.deepEqual([statusCode, state, attempts, claims], [200, 'not-started', 0, 1])
})

test('a lease is renewed by its holder', async t => {
  const { post } = await prepareClaimed(t)
  const { statusCode, body } = await post(`/tasks/${id}/lease`, { token: 1, leaseMs: 3_600_000 })
  const { lease } = JSON.parse(body)
  assert.equal(statusCode, 200)
  assert.deepEqual([lease.token, lease.worker], [1, 'worker-1'])
  assert.ok(Date.parse(lease.expiresAt) > Date.now() + 3_000_000)
})

test('every message with an old token is refused with 409', async t => {
  const { get, post } = await prepareClaimed(t)
  await post(`/tasks/${id}`, { state: 'returned', token: 1 })
  await post('/tasks/claim', { worker: 'worker-2', leaseMs: 60_000 })
  const before = (await get(`/tasks/${id}`)).json()
  const responses = [
    await post(`/tasks/${id}/lease`, { token: 1, leaseMs: 1000 }),
    await post(`/tasks/${id}`, { state: 'finished', token: 1, result: facts }),
    await post(`/tasks/${id}`, { state: 'failed', token: 1, error, retryable: true }),
    await post(`/tasks/${id}`, { state: 'returned', token: 1 }),
  ]
  for (const response of responses) assertProblem(response, 409, 'lease-lost')
  assert.deepEqual((await get(`/tasks/${id}`)).json(), before)
})

for (const body of [
  {},
  { token: 1 },
  { token: 0, leaseMs: 1000 },
  { token: 1, leaseMs: 99 },
  { token: 1, leaseMs: 3_600_001 },
  { token: 1, leaseMs: 1000, worker: 'another' },
]) {
  test(`a lease renewed with ${JSON.stringify(body)} is refused`, async t => {
    const { post } = await prepareClaimed(t)
    assertProblem(await post(`/tasks/${id}/lease`, body), 400, 'invalid-request')
  })
}

test('a task is deleted with 204, and is gone', async t => {
  const { get, remove } = await prepareClaimed(t)
  const { statusCode, body } = await remove(`/tasks/${id}`)
  assert.deepEqual([statusCode, body], [204, ''])
  assert.equal((await get(`/tasks/${id}`)).statusCode, 404)
})

test('tasks are listed newest first, in pages and by state', async t => {
  const { get, post } = await prepareClaimed(t)
  for (const number of [2, 3, 4]) await post(`/tasks/${taskId(number)}`, newTask())
  const listed = async (query: string) => {
    const { tasks, next } = (await get(`/tasks?${query}`)).json()
    return { ids: tasks.map((task: { id: string }) => task.id), next }
  }
  const { ids, next } = await listed('limit=3')
  assert.deepEqual(ids, [4, 3, 2].map(taskId))
  assert.deepEqual(await listed(`limit=3&cursor=${next}`), { ids: [id], next: undefined })
  assert.deepEqual((await listed('state=in-progress')).ids, [id])
  assert.deepEqual((await listed('state=finished')).ids, [])
})

test('tasks are listed by owner', async t => {
  const { get, post } = prepare(t)
  await post(`/tasks/${id}`, newTask({ owner: 'alice@example.org' }))
  await post(`/tasks/${taskId(2)}`, newTask())
  const { tasks } = (await get(`/tasks?owner=${encodeURIComponent('alice@example.org')}`)).json()
  assert.deepEqual(
    tasks.map((task: { id: string; owner: string }) => [task.id, task.owner]),
    [[id, 'alice@example.org']],
  )
  assert.deepEqual((await get('/tasks/waiting?owner=alice@example.org')).json(), { count: 1 })
  assert.equal((await get('/tasks/waiting')).statusCode, 400)
  for (const owner of ['', ' ', 'a/b', 'ü', 'x'.repeat(65)])
    assertProblem(await get(`/tasks?owner=${encodeURIComponent(owner)}`), 400, 'invalid-request')
})

test('tasks are listed by the time of their end, with any UTC offset', async t => {
  const { get, post } = await prepareClaimed(t)
  const { finishedAt } = (await post(`/tasks/${id}`, { state: 'finished', token: 1, result: facts })).json()
  const count = async (endedBefore: string) =>
    (await get(`/tasks?endedBefore=${encodeURIComponent(endedBefore)}`)).json().tasks.length
  assert.equal(await count(finishedAt), 0)
  assert.equal(await count(new Date(Date.parse(finishedAt) + 1).toISOString()), 1)
  const anHourEast = new Date(Date.parse(finishedAt) + 3_600_001).toISOString().replace('Z', '+01:00')
  assert.equal(await count(anHourEast), 1)
})

for (const query of [
  'state=unknown',
  'limit=0',
  'limit=1001',
  'limit=1.5',
  'endedBefore=yesterday',
  'endedBefore=2026-02-30T00:00:00Z',
  'endedBefore=2016-12-31T23:59:60Z',
  'unknown=1',
]) {
  test(`tasks listed by ${query} are refused`, async t => {
    assertProblem(await prepare(t).get(`/tasks?${query}`), 400, 'invalid-request')
  })
}

test('unknown ids are ids without a task', async t => {
  const { post } = await prepareClaimed(t)
  const { statusCode, body } = await post('/tasks/unknown', { ids: [id, taskId(2), 'odd'] })
  assert.deepEqual([statusCode, JSON.parse(body)], [200, { ids: [taskId(2), 'odd'] }])
  assertProblem(await post('/tasks/unknown', { ids: Array(1001).fill('x') }), 400, 'invalid-request')
  assertProblem(await post('/tasks/unknown', { ids: ['x'.repeat(129)] }), 400, 'invalid-request')
  assertProblem(await post('/tasks/unknown', {}), 400, 'invalid-request')
})

test('stats count the tasks of each state', async t => {
  const { get, post } = await prepareClaimed(t)
  const { createdAt } = (await post(`/tasks/${taskId(2)}`, newTask())).json()
  assert.deepEqual((await get('/stats')).json(), {
    'not-started': 1,
    'in-progress': 1,
    finished: 0,
    failed: 0,
    oldestNotStartedAt: createdAt,
  })
})

test('a path with another method returns 405 with the allowed methods; another path returns 404', async t => {
  const { app } = prepare(t)
  for (const [method, url, allowed] of [
    ['PUT', `/tasks/${id}`, 'POST'],
    ['GET', `/tasks/${id}/lease`, 'POST'],
    ['POST', '/stats', 'GET'],
    ['POST', '/tasks', 'GET'],
  ] as const) {
    const response = await app.inject({ method, url })
    assertProblem(response, 405, 'method-not-allowed')
    assert.ok(String(response.headers.allow).split(', ').includes(allowed))
  }
  assertProblem(await app.inject('/task'), 404, 'no-such-route')
})

test('a body that is not JSON, or larger than 1 MiB, is refused', async t => {
  const { app } = prepare(t)
  const headers = { 'content-type': 'application/json' }
  const post = (body: string) => app.inject({ method: 'POST', url: `/tasks/${id}`, headers, body })
  assertProblem(await post('{"state":'), 400, 'invalid-request')
  assertProblem(await post(JSON.stringify({ ...newTask(), x: 'x'.repeat(1024 * 1024) })), 413, 'too-large')
})
