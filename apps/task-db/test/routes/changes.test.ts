import assert from 'node:assert/strict'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import type { TaskChangeLine } from '@darkroom/contracts'
import { assertProblem, until } from '@darkroom/testing'
import { changeHandlers } from '../../src/routes/changes.ts'
import { buildTestApp, openStore } from '../build-test-app.ts'
import { claim, createTasks } from '../conformance/open-engine.ts'
import { facts, newTask, taskId } from '../sample-tasks.ts'

/** The app on a port, and a reader whose feed has begun. */
async function follow(t: TestContext) {
  const store = openStore(t)
  const app = buildTestApp(t, { store })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const hangUp = new AbortController()
  const { body, headers } = await fetch(`${base}/changes`, { signal: hangUp.signal })
  assert.ok(body)
  const lines: string[] = []
  const input = Readable.fromWeb(body).on('error', () => undefined)
  const ended = new Promise<void>(resolve => {
    createInterface({ input })
      .on('line', line => lines.push(line))
      .on('close', resolve)
  })
  await until('the feed has begun', () => lines.length > 0)
  const changes = (): TaskChangeLine[] => lines.filter(line => line !== '').map(line => JSON.parse(line))
  return { app, store, hangUp, ended, changes, type: headers.get('content-type') }
}

test('the feed has each change of a task, with its owner and the task itself', async t => {
  const { store, changes, type } = await follow(t)
  assert.equal(type, 'application/x-ndjson')
  await store.create(taskId(1), newTask({ owner: 'shop' }))
  await claim(store)
  await createTasks(store, 2)
  await store.delete(taskId(1))
  await until('all changes have arrived', () => changes().length === 4)
  const lineOf = (change: TaskChangeLine | undefined) => {
    if (change?.kind !== 'stored') return change
    const { task, ...line } = change
    assert.deepEqual([task?.id, task?.version, task?.state], [line.id, line.version, line.state])
    return line
  }
  const [created, claimed, other, deleted] = changes().map(lineOf)
  assert.deepEqual(created, {
    kind: 'stored',
    id: taskId(1),
    version: 1,
    state: 'not-started',
    owner: 'shop',
  })
  assert.deepEqual(claimed, { ...created, version: 2, state: 'in-progress' })
  assert.deepEqual(changes()[2], { ...other, task: await store.get(taskId(2)) })
  assert.deepEqual(deleted, { kind: 'deleted', id: taskId(1) })
})

test('the feed gathers changes of unfinished tasks, and sends an end at once, with what came before it', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const store = openStore(t)
  t.after(() => store.close())
  const closing = new AbortController()
  const { signal } = closing
  const { body } = await changeHandlers(store, signal).followChanges({ signal } as never)
  const chunks = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  t.after(() => {
    closing.abort()
    return chunks.return?.()
  })
  await chunks.next()
  const next = async () => {
    const { value } = await chunks.next()
    return String(Buffer.from(value))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
      .map(({ id, state }: { id: string; state?: string }) => [id, state])
  }
  const gathered = next()
  await store.create(taskId(1), newTask())
  await store.create(taskId(2), newTask())
  t.mock.timers.tick(10)
  assert.deepEqual(await gathered, [
    [taskId(1), 'not-started'],
    [taskId(2), 'not-started'],
  ])
  const withEnd = next()
  const { id } = await claim(store)
  await store.apply(id, { type: 'finish', token: 1, result: facts })
  assert.deepEqual(await withEnd, [
    [id, 'in-progress'],
    [id, 'finished'],
  ])
  const deleted = next()
  await store.delete(id)
  assert.deepEqual(await deleted, [[id, undefined]])
})

test('the feed stops listening when its reader hangs up', async t => {
  const store = openStore(t)
  const listeners = new Set<unknown>()
  const { onChange } = store
  t.mock.method(store, 'onChange', (listener: Parameters<typeof onChange>[0]) => {
    listeners.add(listener)
    const stop = onChange.call(store, listener)
    return () => {
      listeners.delete(listener)
      stop()
    }
  })
  const app = buildTestApp(t, { store })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const before = listeners.size
  const hangUp = new AbortController()
  const response = await fetch(`${base}/changes`, { signal: hangUp.signal })
  await until('it listens', () => listeners.size === before + 1)
  hangUp.abort()
  await assert.rejects(response.text())
  await until('it has stopped', () => listeners.size === before)
})

test('the feed requires the cluster token', async t => {
  const app = buildTestApp(t, { clusterToken: 'a-token-of-the-whole-cluster' })
  assertProblem(await app.inject('/changes'), 401, 'unauthorized')
})

test('the feed ends when the app closes', async t => {
  const { app, ended } = await follow(t)
  await app.close()
  await ended
})
