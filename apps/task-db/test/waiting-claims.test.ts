import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import type { Task } from '@darkroom/contracts'
import { assertLongBeforeEnd, until } from '@darkroom/testing'
import { buildTestApp, openStore } from './build-test-app.ts'
import { createTasks, leaseMs } from './conformance/open-engine.ts'
import { newTask, taskId } from './sample-tasks.ts'

const waitSeconds = 50

/** The app on a port, and its clients. */
async function listen(t: TestContext) {
  const store = openStore(t)
  const claims = t.mock.method(store, 'claim')
  const app = buildTestApp(t, { store })
  let hangUps = 0
  app.server.on('request', (_request, response: ServerResponse) => {
    response.once('close', () => {
      if (!response.writableFinished) hangUps += 1
    })
  })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    app,
    store,
    claims,
    claim: (worker: string, signal?: AbortSignal) =>
      fetch(`${base}/tasks/claim?wait=${waitSeconds}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ worker, leaseMs }),
        signal: signal ?? null,
      }),
    untilInLine: (worker: string) =>
      until(`${worker} waits in the line`, () =>
        claims.mock.calls.some(call => call.arguments[0] === worker),
      ),
    untilHungUp: () => until('the server has noticed', () => hangUps > 0),
  }
}

async function taskOf(answer: Promise<Response> | Response): Promise<Task> {
  return (await (await answer).json()) as Task
}

test('a waiting claim is answered when a task is created, long before its wait ends', async t => {
  const startedAt = performance.now()
  const { store, claim, untilInLine } = await listen(t)
  const answer = claim('worker-1')
  await untilInLine('worker-1')
  await createTasks(store, 1)
  assert.equal((await taskOf(answer)).id, taskId(1))
  assertLongBeforeEnd(startedAt, waitSeconds)
})

test('waiting claims are served first come, first served', async t => {
  const { store, claim, untilInLine } = await listen(t)
  const workers = ['worker-1', 'worker-2', 'worker-3', 'worker-4', 'worker-5']
  const answers: Promise<Response>[] = []
  for (const worker of workers) {
    answers.push(claim(worker))
    await untilInLine(worker)
  }
  for (const [n] of workers.entries()) await store.create(taskId(n + 1), newTask())
  const tasks = await Promise.all(answers.map(taskOf))
  assert.deepEqual(
    tasks.map(({ id, lease }) => [id, lease?.worker]),
    workers.map((worker, n) => [taskId(n + 1), worker]),
  )
})

test('fault: a client that hung up gets no task: it goes to the next claim', async t => {
  const { store, claim, untilInLine, untilHungUp } = await listen(t)
  const controller = new AbortController()
  const gone = claim('gone', controller.signal)
  await untilInLine('gone')
  const next = claim('next')
  await untilInLine('next')
  controller.abort()
  await assert.rejects(gone)
  await untilHungUp()
  await createTasks(store, 1)
  const { lease, attempts } = await taskOf(next)
  assert.deepEqual([lease?.worker, attempts], ['next', 1])
})

test('fault: a client that hangs up while a task is being leased to it keeps no task', async t => {
  const { store, claims, claim, untilInLine, untilHungUp } = await listen(t)
  await createTasks(store, 1)
  const mayLease = Promise.withResolvers<void>()
  claims.mock.mockImplementationOnce(async (worker: string, leaseMs: number) => {
    await mayLease.promise
    return store.claim(worker, leaseMs)
  })
  const controller = new AbortController()
  const gone = claim('gone', controller.signal)
  await untilInLine('gone')
  controller.abort()
  await assert.rejects(gone)
  await untilHungUp()
  mayLease.resolve()
  const { lease, attempts } = await taskOf(claim('next'))
  assert.deepEqual([lease?.worker, lease?.token, attempts], ['next', 2, 1])
})

test('a task whose lease expired wakes a waiting claim', async t => {
  const { store, claim, untilInLine } = await listen(t)
  await createTasks(store, 1)
  await store.claim('silent', 100)
  const answer = claim('next')
  await untilInLine('next')
  const { lease, attempts } = await taskOf(answer)
  assert.deepEqual([lease?.worker, lease?.token, attempts], ['next', 2, 2])
})

test('closing the app answers all waiting claims at once', async t => {
  const startedAt = performance.now()
  const { app, claim, untilInLine } = await listen(t)
  const claims = [claim('worker-2'), claim('worker-3')]
  await untilInLine('worker-2')
  await untilInLine('worker-3')
  await app.close()
  for (const answer of claims) assert.equal((await answer).status, 204)
  assertLongBeforeEnd(startedAt, waitSeconds)
})
