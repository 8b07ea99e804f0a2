import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Results, Work } from '@darkroom/contracts'
import { ServiceUnavailable } from '@darkroom/service-kit'
import { until } from '@darkroom/testing'
import { InlineBytes } from '../../src/inline-bytes.ts'
import type { HeldLease } from '../../src/queue/queue.ts'
import { TaskDbQueue } from '../../src/queue/task-db.ts'
import { UnwantedWork } from '../../src/queue/unwanted-work.ts'
import { workHandlers } from '../../src/routes/work.ts'
import { logger, startNeighbours } from '../neighbours.ts'
import { facts } from '../sample-facts.ts'

/** Accepts reports as usual, and answers them later. */
class SlowQueue extends TaskDbQueue {
  readonly answer = Promise.withResolvers<void>()

  override async finish(lease: HeldLease, results: Results) {
    const accepted = await super.finish(lease, results)
    await this.answer.promise
    return accepted
  }
}

/** The first returns of work fail, as during an outage of the task DB. */
class AwayQueue extends SlowQueue {
  #outages = 2

  override async returnWork(lease: HeldLease) {
    this.#outages -= 1
    if (this.#outages >= 0) throw new ServiceUnavailable('task-db', new Error('it does not answer'))
    return super.returnWork(lease)
  }
}

const request = { params: {}, querystring: {}, headers: {}, body: undefined }

/** A master's handlers, and `taskCount` tasks. */
async function prepare(t: TestContext, Queue: typeof SlowQueue, taskCount: number) {
  const { clients } = await startNeighbours(t)
  const { taskDb, storage } = clients
  const queue = new Queue({ taskDb, leaseMs: 60_000 })
  const closing = new AbortController()
  const unwanted = new UnwantedWork({ queue, logger, closing: closing.signal })
  t.after(() => {
    closing.abort()
    return unwanted.ended()
  })
  const handlers = workHandlers({
    queue,
    unwanted,
    inlineBytes: new InlineBytes(storage, logger),
    discardResults: () => assert.fail('no task was deleted'),
    closing: closing.signal,
  })
  for (let end = 1; end <= taskCount; end++)
    await taskDb.putTask({
      params: { id: `01990000-0000-7000-8000-00000000000${end}` },
      body: { state: 'not-started', operations: [{ name: 'invert' }], original: facts, maxAttempts: 3 },
    })
  const poll = async (worker: string) => {
    const { signal } = new AbortController()
    const { body } = await handlers.getWork({ ...request, querystring: { worker, wait: 20 }, signal })
    return body as unknown as Work
  }
  return { ...handlers, queue, taskDb, poll }
}

for (const [when, Queue] of [
  ['is accepted', SlowQueue],
  ['is accepted, before an outage of the task DB', AwayQueue],
] as const)
  test(`a worker that disconnects while its report ${when} leases no task: another gets it, as a first attempt`, async t => {
    const { workFinished, queue, taskDb, poll } = await prepare(t, Queue, 2)
    const { id, lease } = await poll('lost')
    const leaving = new AbortController()
    const body = { id, lease: lease.token, result: facts, next: { worker: 'lost' } }
    const reply = workFinished({ ...request, body, signal: leaving.signal })
    const claimed = async () => (await taskDb.listTasks({ querystring: { state: 'in-progress' } })).body.tasks
    await until('the next task is leased', async () => (await claimed()).some(task => task.id !== id))
    leaving.abort()
    queue.answer.resolve()
    assert.equal((await reply).status, 204)
    const { attempt } = await poll('other')
    assert.equal(attempt, 1)
  })

test('fault: a worker returns its work during an outage of the task DB: another gets it later, as a first attempt', async t => {
  const { workReturned, poll } = await prepare(t, AwayQueue, 1)
  const { id, lease } = await poll('leaving')
  const { signal } = new AbortController()
  const reply = await workReturned({ ...request, body: { id, lease: lease.token }, signal })
  assert.equal(reply.status, 204)
  const work = await poll('other')
  assert.deepEqual([work.id, work.attempt], [id, 1])
})
