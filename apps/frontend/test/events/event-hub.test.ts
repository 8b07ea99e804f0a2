import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Task, TaskChangeLine } from '@darkroom/contracts'
import { logger, startNeighbours } from '@darkroom/image-master/testing'
import { serveHttp, until } from '@darkroom/testing'
import { anyone } from '../../src/access/caller.ts'
import { ChangeFeed, type ChangeListener } from '../../src/events/change-feed.ts'
import { EventHub } from '../../src/events/event-hub.ts'
import { EventStream } from '../../src/events/event-stream.ts'
import { createTask } from '../webhooks/end-task.ts'

/** A stream of an image in the task DB, at whose feed the test plays. */
async function follow(t: { after(end: () => unknown): void }) {
  const { clients } = await startNeighbours({ after: end => t.after(end) })
  const id = await createTask(clients.taskDb, { url: 'http://127.0.0.1:9/' })
  const { body } = await clients.taskDb.getTask({ params: { id } })
  let announce: ChangeListener = () => {}
  const listen = (listener: ChangeListener) => {
    announce = listener
    return () => {}
  }
  const feed = { listen, listenTo: () => () => {} }
  let reads = 0
  const taskDb: typeof clients.taskDb = {
    ...clients.taskDb,
    getTask: call => {
      reads += 1
      return clients.taskDb.getTask(call)
    },
  }
  const hub = new EventHub({ taskDb, feed, logger })
  t.after(() => hub.close())
  const { url } = await serveHttp(t, (_request, response) =>
    hub.followImage(body as Task, new EventStream(response, { imageId: id, caller: anyone, linkBase: '' }), {
      hasChanged: false,
    }),
  )
  const [answer] = await once(get(url), 'response')
  const taskWith = (version: number, state: Task['state']): Task => ({ ...(body as Task), version, state })
  const lineOf = (task: Task): TaskChangeLine => ({
    ...{ kind: 'stored', id, version: task.version, state: task.state },
  })
  return {
    clients,
    id,
    taskWith,
    lineOf,
    announce: (line: TaskChangeLine) => announce(line),
    reads: () => reads,
    answer,
  }
}

function statesIn(events: string): unknown[] {
  return [...events.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data).state)
}

test('a change that comes with its task is sent without a request to the task DB; an older version is not', async t => {
  const { taskWith, lineOf, announce, reads, answer } = await follow(t)
  const received = text(answer)
  const developing = taskWith(2, 'in-progress')
  announce({ ...lineOf(developing), task: developing } as TaskChangeLine)
  const waiting = taskWith(1, 'not-started')
  announce({ ...lineOf(waiting), task: waiting } as TaskChangeLine)
  const finished = taskWith(3, 'finished')
  announce({ ...lineOf(finished), task: finished } as TaskChangeLine)
  assert.deepEqual(statesIn(await received).slice(-2), ['in-progress', 'finished'])
  assert.equal(reads(), 0)
})

test('a change without its task, from a task DB of an earlier version, is read', async t => {
  const { clients, id, taskWith, lineOf, announce, reads, answer } = await follow(t)
  const received = text(answer)
  const claimed = await clients.taskDb.claimGivenTask({
    params: { id },
    body: { worker: 'w', leaseMs: 10_000 },
  })
  assert.equal(claimed.status, 200)
  const error = { type: 'x', title: 'X', detail: 'x' }
  await clients.taskDb.putTask({
    params: { id },
    body: { state: 'failed', token: 1, error, retryable: false },
  })
  announce(lineOf(taskWith(3, 'failed')))
  assert.equal(statesIn(await received).at(-1), 'failed')
  assert.equal(reads(), 1)
})

test('an image that changed while its stream began is read again', async t => {
  const { clients } = await startNeighbours({ after: end => t.after(end) })
  const feed = new ChangeFeed({ taskDb: clients.taskDb, logger })
  t.after(() => feed.close())
  const hub = new EventHub({ taskDb: clients.taskDb, feed, logger })
  t.after(() => hub.close())
  let isOpen = false
  feed.listen(() => {
    isOpen = true
  })
  await until('the feed is open', () => isOpen)
  const id = await createTask(clients.taskDb, { url: 'http://127.0.0.1:9/' })
  using watch = hub.watch(id)
  assert.equal(watch.hasChanged, false)
  await clients.taskDb.claimGivenTask({ params: { id }, body: { worker: 'w', leaseMs: 10_000 } })
  await until('the change is noticed', () => watch.hasChanged)
})
