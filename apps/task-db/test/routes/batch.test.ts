import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BatchedCall, BatchedResponse } from '@darkroom/contracts'
import { buildTestApp, openStore } from '../build-test-app.ts'
import { claim, createTasks, leaseMs } from '../conformance/open-engine.ts'
import { facts, taskId } from '../sample-tasks.ts'

test('a batch finishes a task, renews a lease, claims the tasks that wait, and reads a task', async t => {
  const store = openStore(t)
  const app = buildTestApp(t, { store })
  await createTasks(store, 4)
  await claim(store)
  await claim(store)
  const claiming = { worker: 'worker-1', leaseMs }
  const calls: BatchedCall[] = [
    {
      name: 'putTask',
      params: { id: taskId(1) },
      body: { state: 'finished', token: 1, result: facts },
    },
    { name: 'renewLease', params: { id: taskId(2) }, body: { token: 1, leaseMs } },
    { name: 'claimTask', querystring: { wait: 0 }, body: claiming },
    { name: 'claimGivenTask', params: { id: taskId(4) }, body: claiming },
    { name: 'claimTask', body: claiming },
    { name: 'getTask', params: { id: taskId(9) } },
  ]
  const post = async () => {
    const answer = await app.inject({ method: 'POST', url: '/batch', payload: { calls } })
    assert.equal(answer.statusCode, 200)
    return answer.json().answers as BatchedResponse[]
  }
  const first = await post()
  assert.deepEqual(
    first.map(({ status, body }) => [status, Object(body).id, Object(body).state ?? Object(body).type]),
    [
      [200, taskId(1), 'finished'],
      [200, taskId(2), 'in-progress'],
      [200, taskId(3), 'in-progress'],
      [200, taskId(4), 'in-progress'],
      [204, undefined, undefined],
      [404, undefined, 'urn:darkroom:problem:task-not-found'],
    ],
  )
  const [repeated] = await post()
  assert.deepEqual(
    [repeated?.headers, repeated?.body],
    [{ 'idempotent-replayed': 'true' }, await store.get(taskId(1))],
  )
})
