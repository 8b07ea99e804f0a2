import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Task } from '@darkroom/contracts'
import { StoreFull, StoreUnavailable } from '@darkroom/service-kit'
import { fillDisk } from '@darkroom/testing'
import { ClaimLine } from '../src/claim-line.ts'
import { openStore } from './build-test-app.ts'
import { createTasks, get } from './conformance/open-engine.ts'
import { newTask, taskId } from './sample-tasks.ts'

const leaseMs = 60_000

function prepare(t: TestContext) {
  const store = openStore(t)
  const line = new ClaimLine(store)
  t.after(() => {
    line.close()
    return store.close()
  })
  return { store, line }
}

/** A claim in the line, with the controllers that end it. */
function join(line: ClaimLine, worker: string) {
  const timeout = new AbortController()
  const gone = new AbortController()
  const task = line.claim(worker, leaseMs, { timeout: timeout.signal, gone: gone.signal })
  return { task, timeOut: () => timeout.abort(), hangUp: () => gone.abort() }
}

/** Delays one call of a method until the test releases it. */
function hold<Name extends 'claim' | 'apply'>(
  t: TestContext,
  store: ReturnType<typeof openStore>,
  name: Name,
) {
  const reached = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const original = store[name].bind(store) as (...given: unknown[]) => Promise<unknown>
  const held = async (...given: unknown[]) => {
    reached.resolve()
    await release.promise
    return original(...given)
  }
  t.mock.method(store, name).mock.mockImplementationOnce(held as never)
  return { reached: reached.promise, release: release.resolve }
}

/** Tasks, and a claim that has reached the store, where it is held. */
async function beginClaim(t: TestContext, { worker, tasks }: { worker: string; tasks: number }) {
  const { store, line } = prepare(t)
  await createTasks(store, tasks)
  const held = hold(t, store, 'claim')
  const claim = join(line, worker)
  await held.reached
  return { store, line, claim, release: held.release }
}

test('a claim gets the oldest task at once when there is one', async t => {
  const { store, line } = prepare(t)
  await createTasks(store, 2)
  assert.equal((await join(line, 'a').task)?.id, taskId(1))
})

test('a claim that waits gets a new task in the commit of that task', async t => {
  const { store, line } = prepare(t)
  const claims = ['a', 'b'].map(worker => join(line, worker).task)
  const created = [1, 2].map(number => store.create(taskId(number), newTask()))
  await new Promise(setImmediate) // by now, the writes are applied, but not on disk
  const workers = await Promise.all([1, 2].map(async number => (await get(store, number)).lease?.worker))
  assert.deepEqual(workers, ['a', 'b'])
  await Promise.all([...created, ...claims])
})

test('claims that wait are served first come first served', async t => {
  const { store, line } = prepare(t)
  const claims = ['a', 'b', 'c', 'd', 'e'].map(worker => join(line, worker).task)
  for (const number of [1, 2, 3, 4, 5]) await store.create(taskId(number), newTask())
  const tasks = await Promise.all(claims)
  assert.deepEqual(
    tasks.map(task => [task?.id, task?.lease?.worker]),
    ['a', 'b', 'c', 'd', 'e'].map((worker, n) => [taskId(n + 1), worker]),
  )
})

test('an earlier claim is served before a later one, even if the task came in between', async t => {
  const { store, line } = prepare(t)
  const first = join(line, 'first').task
  const creation = store.create(taskId(1), newTask())
  const second = join(line, 'second')
  await creation
  assert.equal((await first)?.id, taskId(1))
  second.timeOut()
  assert.equal(await second.task, undefined)
})

test('a claim whose timeout has ended gets no task, even if one comes afterwards', async t => {
  const { store, line } = prepare(t)
  const claim = join(line, 'a')
  claim.timeOut()
  assert.equal(await claim.task, undefined)
  await createTasks(store, 1)
  assert.equal((await join(line, 'b').task)?.lease?.worker, 'b')
})

test('a claim that may not wait still gets a task that is there, while others are being served', async t => {
  const { line, claim: first, release } = await beginClaim(t, { worker: 'first', tasks: 2 })
  const second = join(line, 'second')
  second.timeOut()
  release()
  assert.equal((await first.task)?.id, taskId(1))
  assert.equal((await second.task)?.id, taskId(2))
})

test('a task claimed for a client that hung up goes to the next client, and the attempt is not counted', async t => {
  const { line, claim: first, release } = await beginClaim(t, { worker: 'first', tasks: 1 })
  const second = join(line, 'second')
  first.hangUp()
  release()
  assert.equal(await first.task, undefined)
  const task = await second.task
  assert.deepEqual([task?.lease?.worker, task?.lease?.token, task?.attempts], ['second', 2, 1])
})

test('the claim of a client that hung up before its turn does not reach the store', async t => {
  const { store, line, claim: first, release } = await beginClaim(t, { worker: 'first', tasks: 2 })
  const second = join(line, 'second')
  second.hangUp()
  release()
  await first.task
  assert.equal(await second.task, undefined)
  assert.equal((await get(store, 2)).claims, 0)
})

test('a timeout that ends while a task is being returned for another claim is noticed', async t => {
  const { store, line, claim: gone, release } = await beginClaim(t, { worker: 'gone', tasks: 1 })
  const returnHeld = hold(t, store, 'apply')
  const waiting = join(line, 'waiting')
  gone.hangUp()
  release()
  await returnHeld.reached
  waiting.timeOut()
  await store.delete(taskId(1)) // so that nothing else wakes the line
  returnHeld.release()
  assert.equal(await waiting.task, undefined)
})

test('fault: an error of the store rejects its claim, and the line continues', async t => {
  const { store, line } = prepare(t)
  const claims = t.mock.method(store, 'claim')
  claims.mock.mockImplementationOnce(() => Promise.reject(new Error('disk I/O error')))
  await assert.rejects(join(line, 'a').task, /disk/)
  await createTasks(store, 1)
  assert.equal((await join(line, 'b').task)?.id, taskId(1))
})

test('fault: the disk is full when a new task is stored: the claim that waits gets the next task', async t => {
  const { store, line } = prepare(t)
  const claim = join(line, 'a').task
  const makeRoom = fillDisk(t)
  await assert.rejects(store.create(taskId(1), newTask()), StoreFull)
  makeRoom()
  await store.create(taskId(2), newTask())
  assert.equal((await claim)?.id, taskId(2))
})

test('fault: the disk refuses the return of a task whose client hung up: another client gets it later, as a first attempt', async t => {
  const { store, line, claim: gone, release } = await beginClaim(t, { worker: 'gone', tasks: 1 })
  const returns = t.mock.method(store, 'apply')
  returns.mock.mockImplementationOnce(() =>
    Promise.reject(new StoreUnavailable('the disk refuses to store data')),
  )
  gone.hangUp()
  release()
  assert.equal(await gone.task, undefined)
  const task = await join(line, 'next').task
  assert.deepEqual([task?.lease?.worker, task?.attempts], ['next', 1])
})

test('in any order of tasks and claims, each task is claimed once and every claim is answered', async t => {
  const { store, line } = prepare(t)
  const claims: Promise<Task | undefined>[] = []
  const creations: Promise<unknown>[] = []
  for (let n = 1; n <= 100; n += 1) {
    const isTaskFirst = n % 2 === 0
    if (isTaskFirst) creations.push(store.create(taskId(n), newTask()))
    claims.push(join(line, `worker-${n}`).task)
    if (n % 7 === 0) await creations.at(-1)
    if (!isTaskFirst) creations.push(store.create(taskId(n), newTask()))
  }
  await Promise.all(creations)
  const tasks = await Promise.all(claims)
  assert.equal(new Set(tasks.map(task => task?.id)).size, 100)
  assert.equal(new Set(tasks.map(task => task?.lease?.worker)).size, 100)
})
