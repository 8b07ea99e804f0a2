import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertProblem } from '@darkroom/testing'
import { buildTestApp, openStore } from '../build-test-app.ts'
import { createTasks } from '../conformance/open-engine.ts'
import { taskId } from '../sample-tasks.ts'

const url = '/tasks/claim'
const body = { worker: 'worker-1', leaseMs: 60_000 }

test('a claim is answered with the oldest task and its lease', async t => {
  const store = openStore(t)
  const app = buildTestApp(t, { store })
  await createTasks(store, 2)
  const response = await app.inject({ method: 'POST', url, body })
  assert.equal(response.statusCode, 200)
  assert.deepEqual(response.json(), await store.get(taskId(1)))
  assert.equal(response.json().lease.worker, 'worker-1')
})

test('a claim of a given task leases it, and is refused with 409 if it cannot be claimed', async t => {
  const store = openStore(t)
  const app = buildTestApp(t, { store })
  await createTasks(store, 2)
  const post = (number: number) => app.inject({ method: 'POST', url: `/tasks/${taskId(number)}/claim`, body })
  const response = await post(2)
  assert.equal(response.statusCode, 200)
  assert.deepEqual(response.json(), await store.get(taskId(2)))
  assert.equal(response.json().lease.token, 1)
  assertProblem(await post(2), 409, 'not-claimable')
  assertProblem(await post(3), 404, 'task-not-found')
  assert.equal((await store.get(taskId(1)))?.state, 'not-started')
})

test('a claim without any waiting task returns 204', async t => {
  const app = buildTestApp(t)
  for (const query of ['', '?wait=0', '?wait=0.05']) {
    const response = await app.inject({ method: 'POST', url: url + query, body })
    assert.deepEqual([response.statusCode, response.body], [204, ''])
  }
})

test('each of 20 tasks that are claimed 50 times at once, without waiting, is claimed once', async t => {
  const store = openStore(t)
  const app = buildTestApp(t, { store })
  await createTasks(store, 20)
  const claims = Array.from({ length: 50 }, () => app.inject({ method: 'POST', url, body }))
  const responses = await Promise.all(claims)
  const claimed = responses.filter(({ statusCode }) => statusCode === 200).map(response => response.json().id)
  assert.equal(claimed.length, 20)
  assert.equal(new Set(claimed).size, 20)
  assert.equal(responses.filter(({ statusCode }) => statusCode === 204).length, 30)
})

for (const malformed of [
  {},
  { worker: 'worker-1' },
  { leaseMs: 1000 },
  { worker: '', leaseMs: 1000 },
  { worker: 'w'.repeat(201), leaseMs: 1000 },
  { worker: 'worker-1', leaseMs: 99 },
  { worker: 'worker-1', leaseMs: 3_600_001 },
  { worker: 'worker-1', leaseMs: '1000' },
  { worker: 'worker-1', leaseMs: 1000, surplus: 1 },
]) {
  test(`a claim of ${JSON.stringify(malformed).slice(0, 60)} is refused`, async t => {
    assertProblem(
      await buildTestApp(t).inject({ method: 'POST', url, body: malformed }),
      400,
      'invalid-request',
    )
  })
}

test('a claim with too long a wait, or an unknown parameter, is refused', async t => {
  const app = buildTestApp(t)
  for (const query of ['wait=56', 'wait=-1', 'wait=x', 'worker=a']) {
    assertProblem(await app.inject({ method: 'POST', url: `${url}?${query}`, body }), 400, 'invalid-request')
  }
})
