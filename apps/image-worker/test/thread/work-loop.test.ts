import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, describe, type TestContext, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { until } from '@darkroom/testing'
import { UnusableImage } from '../../src/develop/unusable-image.ts'
import type { WorkLoopOptions } from '../../src/thread/work-loop.ts'
import { startWorkshop, type Workshop } from '../start-workshop.ts'
import { facts, heldDevelopment, reverse, runWorkLoop } from './run-work-loop.ts'

/** Renewed after 5 s only: what happens by then goes unnoticed. */
const longLease = { LEASE_MS: '60000' }
const shared = await startWorkshop({ after }, longLease)

async function deleteTasks() {
  const { taskDb } = shared.clients
  const { body } = await taskDb.listTasks({ querystring: {} })
  for (const { id } of body.tasks) await taskDb.deleteTask({ params: { id } })
}

/** The loop, until the test ends; the tasks go with it. */
function work(t: TestContext, workshop: Workshop, options: Partial<WorkLoopOptions> = {}) {
  const loop = runWorkLoop(workshop, options)
  if (workshop === shared) t.after(() => loop.drain().then(deleteTasks))
  else workshop.defer(loop.drain)
  return loop
}

describe('work that succeeds', () => {
  test('stores the result, finishes the task and says what it did', async t => {
    const workshop = shared
    const { messages, untilEnded } = work(t, workshop)
    const id = await workshop.addTask('abc')
    const task = await workshop.untilState(id, 'finished')
    assert.equal(await workshop.resultOf(id), 'cba')
    const sha256 = createHash('sha256').update('cba').digest('hex')
    assert.deepEqual(task.result, { ...facts, bytes: 3, sha256 })
    assert.deepEqual(await untilEnded(), [{ kind: 'finished', bytesIn: 3, bytesOut: 3 }])
    const [begun, ...later] = messages
    const ended = later.at(-1)
    assert.deepEqual(
      later.map(({ type }) => type),
      ['developing', 'developed', 'ended'],
    )
    assert.ok(begun?.type === 'begun' && begun.work.id === id && begun.work.attempt === 1)
    assert.ok(ended?.type === 'ended' && ended.id === id)
  })

  test('is one image after the other, oldest first, each with its operations', async t => {
    const workshop = shared
    const ids = [
      await workshop.addTask('one'),
      await workshop.addTask('two'),
      await workshop.addTask('three'),
    ]
    const seen: unknown[] = []
    const { messages } = work(t, workshop, {
      develop: async (input, operations) => {
        seen.push(operations)
        return reverse(input)
      },
    })
    for (const id of ids) await workshop.untilState(id, 'finished')
    assert.deepEqual(seen, Array(3).fill([{ name: 'swap-channels', order: 'bgr' }]))
    const begun = messages.flatMap(message => (message.type === 'begun' ? [message.work.id] : []))
    assert.deepEqual(begun, ids)
  })

  for (const [what, inlineBytes, requests] of [
    ['small: its bytes come and go with the messages about it', 3, []],
    ['larger: the storage is asked for it and given its result', 2, ['getBlob', 'putBlob']],
  ] as const) {
    test(`is ${what}`, async t => {
      const { imageMaster, storage } = shared.clients
      const asked: string[] = []
      const noted = <Call extends (...call: never[]) => unknown>(name: string, send: Call) =>
        ((...call: never[]) => {
          asked.push(name)
          return send(...call)
        }) as Call
      const clients = {
        imageMaster,
        storage: {
          ...storage,
          getBlob: noted('getBlob', storage.getBlob),
          putBlob: noted('putBlob', storage.putBlob),
        },
      }
      const { messages } = work(t, shared, { clients, inlineBytes })
      const id = await shared.addTask('abc')
      await shared.untilState(id, 'finished')
      assert.equal(await shared.resultOf(id), 'cba')
      assert.deepEqual(asked, requests)
      const [begun] = messages
      assert.ok(begun?.type === 'begun')
      assert.deepEqual(begun.work.original, { bytes: 3 }, 'no bytes of images go between threads')
    })
  }

  test('comes with the report of the work before, where there is more', async t => {
    const { imageMaster, storage } = shared.clients
    let polls = 0
    const getWork: typeof imageMaster.getWork = call => {
      polls++
      return imageMaster.getWork(call)
    }
    const ids = [await shared.addTask('one'), await shared.addTask('two'), await shared.addTask('three')]
    work(t, shared, { clients: { storage, imageMaster: { ...imageMaster, getWork } } })
    for (const id of ids) await shared.untilState(id, 'finished')
    await until('it polls again', () => polls > 1)
    assert.equal(polls, 2)
  })

  test('whose small result has no room is offered to the storage until there is some', async t => {
    const { imageMaster, storage } = shared.clients
    let refusals = 0
    const workFinished: typeof imageMaster.workFinished = async call => {
      if (!('content' in call.body.result)) return imageMaster.workFinished(call)
      refusals++
      const problem = { type: problemType('result-refused'), title: 'Result refused', status: 409 }
      return { status: 409, headers: {}, body: problem }
    }
    work(t, shared, { clients: { storage, imageMaster: { ...imageMaster, workFinished } } })
    const id = await shared.addTask('abc')
    await shared.untilState(id, 'finished')
    assert.equal(await shared.resultOf(id), 'cba')
    assert.equal(refusals, 1)
  })

  test('takes long, and its lease is renewed meanwhile', async t => {
    const workshop = await startWorkshop(t, { LEASE_MS: '1500' })
    const { develop, begun, finish } = heldDevelopment()
    const { untilEnded } = work(t, workshop, { develop })
    const id = await workshop.addTask('abc')
    await begun
    const { lease } = await workshop.taskOf(id)
    const end = Date.parse(String(lease?.expiresAt))
    await until('its first lease has run out', () => Date.now() > end)
    finish('result')
    await untilEnded()
    const { state, attempts } = await workshop.taskOf(id)
    assert.deepEqual([state, attempts], ['finished', 1])
  })
})

describe('work that fails', () => {
  test('because of the image fails at once, in words for its owner', async t => {
    const workshop = shared
    const { messages, untilEnded } = work(t, workshop, {
      develop: async () => {
        throw new UnusableImage('undecodable-image', 'it ends after 100 bytes')
      },
    })
    const id = await workshop.addTask('abc')
    const { attempts, error } = await workshop.untilState(id, 'failed')
    assert.equal(attempts, 1)
    assert.equal(error?.type, problemType('undecodable-image'))
    assert.equal(error.detail, 'it ends after 100 bytes')
    assert.deepEqual(await untilEnded(), [{ kind: 'failed', error }])
    // That the time of the image and its memory end, too: what services take to hear of it isn't the image's.
    assert.deepEqual(
      messages.map(({ type }) => type),
      ['begun', 'developing', 'developed', 'ended'],
    )
    assert.equal(await workshop.resultOf(id), undefined)
  })

  test('unexpectedly is tried again, and fails after the last attempt', async t => {
    const workshop = shared
    const { untilEnded } = work(t, workshop, {
      develop: async () => {
        throw new Error('out of luck')
      },
    })
    const id = await workshop.addTask('abc', 3)
    const { attempts, error } = await workshop.untilState(id, 'failed')
    assert.deepEqual([attempts, error?.detail], [3, 'out of luck'])
    assert.equal((await untilEnded(3)).length, 3)
  })

  test('unexpectedly once, and then succeeds, is finished', async t => {
    const workshop = shared
    let attempts = 0
    work(t, workshop, {
      develop: async input => {
        attempts += 1
        if (attempts === 1) throw new Error('out of luck')
        return reverse(input)
      },
    })
    const id = await workshop.addTask('abc')
    assert.equal((await workshop.untilState(id, 'finished')).attempts, 2)
    assert.equal(await workshop.resultOf(id), 'cba')
  })

  test('because the original is gone fails, and says so', async t => {
    const workshop = shared
    const id = await workshop.addTask('abc')
    await workshop.clients.storage.deleteBlob({ params: { key: id, stage: 'pre' }, headers: {} })
    work(t, workshop)
    const { attempts, error } = await workshop.untilState(id, 'failed')
    assert.deepEqual([attempts, error?.type], [1, problemType('original-gone')])
  })
})

describe('work that is no longer wanted', () => {
  test('because its lease was lost is abandoned, and stores nothing', async t => {
    const workshop = await startWorkshop(t, { LEASE_MS: '600' })
    const { develop, begun, finish } = heldDevelopment()
    const { clients } = workshop
    let lostReplies = 0
    const extendWork: typeof clients.imageMaster.extendWork = async call => {
      const reply = await clients.imageMaster.extendWork(call)
      if (reply.status === 409) lostReplies += 1
      return reply
    }
    const imageMaster = { ...clients.imageMaster, extendWork }
    const options = { develop, clients: { storage: clients.storage, imageMaster } }
    const { untilEnded } = work(t, workshop, options)
    const id = await workshop.addTask('abc')
    await begun
    const token = await workshop.takeOver(id)
    await until('the worker has heard of it', () => lostReplies > 0)
    finish('late result')
    const [end] = await untilEnded()
    assert.equal(end?.kind, 'abandoned')
    assert.equal(await workshop.resultOf(id), undefined)
    const { state, claims } = await workshop.taskOf(id)
    assert.deepEqual([state, claims], ['in-progress', token])
  })

  test('because its task was deleted is abandoned, and leaves no bytes', async t => {
    const workshop = shared
    const { develop, begun, finish } = heldDevelopment()
    const { untilEnded } = work(t, workshop, { develop })
    const id = await workshop.addTask('abc')
    await begun
    const { clients } = workshop
    await clients.taskDb.deleteTask({ params: { id } })
    await clients.storage.deleteBlob({ params: { key: id, stage: 'pre' }, headers: {} })
    finish('late result')
    await untilEnded()
    assert.equal(await workshop.resultOf(id), undefined)
  })

  test('because its task was deleted while its result is stored leaves no bytes', async t => {
    const workshop = await startWorkshop(t, { LEASE_MS: '600' })
    const { clients } = workshop
    const cancelled = Promise.withResolvers<void>()
    const extendWork: typeof clients.imageMaster.extendWork = async call => {
      const reply = await clients.imageMaster.extendWork(call)
      if (reply.status === 200 && reply.body.cancelled) cancelled.resolve()
      return reply
    }
    // The whole body has arrived: aborting the request would not keep the storage from storing it.
    const putBlob: typeof clients.storage.putBlob = async ({ signal, ...call }) => {
      await clients.taskDb.deleteTask({ params: { id } })
      await cancelled.promise
      const reply = await clients.storage.putBlob(call)
      signal?.throwIfAborted()
      return reply
    }
    const storage = { ...clients.storage, putBlob }
    const imageMaster = { ...clients.imageMaster, extendWork }
    const id = await workshop.addTask('abc')
    const { untilEnded } = work(t, workshop, { clients: { storage, imageMaster }, inlineBytes: 0 })
    await untilEnded()
    assert.equal(await workshop.resultOf(id), undefined)
  })

  test('and fails too late is abandoned, and changes nothing', async t => {
    const workshop = shared
    const { develop, begun, fail } = heldDevelopment()
    const { untilEnded } = work(t, workshop, { develop })
    const id = await workshop.addTask('abc')
    await begun
    await workshop.takeOver(id)
    fail(new Error('out of luck'))
    const [end] = await untilEnded()
    assert.equal(end?.kind, 'abandoned')
    assert.equal((await workshop.taskOf(id)).state, 'in-progress')
  })
})

describe('draining', () => {
  test('lets the image under way end, and takes no other', async t => {
    const workshop = shared
    const { develop, begun, finish } = heldDevelopment()
    const { draining, ended, untilEnded } = work(t, workshop, { develop })
    const [first, second] = [await workshop.addTask('abc'), await workshop.addTask('def')]
    await begun
    draining.abort()
    finish('result')
    await ended
    assert.equal((await untilEnded())[0]?.kind, 'finished')
    assert.equal((await workshop.taskOf(first)).state, 'finished')
    const { state, claims } = await workshop.taskOf(second)
    assert.deepEqual([state, claims], ['not-started', 0])
  })

  test('returns what a poll under way still gets, uncounted', async t => {
    const workshop = shared
    const { imageMaster, storage } = workshop.clients
    const draining = new AbortController()
    const getWork: typeof imageMaster.getWork = async call => {
      const reply = await imageMaster.getWork(call)
      draining.abort()
      return reply
    }
    const clients = { storage, imageMaster: { ...imageMaster, getWork } }
    const id = await workshop.addTask('abc')
    const { ended, untilEnded } = work(t, workshop, { clients, draining: draining.signal })
    await ended
    assert.deepEqual(await untilEnded(), [{ kind: 'returned' }])
    const { state, attempts, claims } = await workshop.taskOf(id)
    assert.deepEqual([state, attempts, claims], ['not-started', 0, 1])
  })

  test('ends an idle poll long before its wait ends, and the poll takes nothing any more', async t => {
    const startedAt = performance.now()
    const workshop = shared
    let polls = 0
    const { imageMaster, storage } = workshop.clients
    const getWork: typeof imageMaster.getWork = call => {
      polls += 1
      return imageMaster.getWork(call)
    }
    const clients = { storage, imageMaster: { ...imageMaster, getWork } }
    const { drain } = work(t, workshop, { clients })
    await until('it polls', () => polls > 0)
    await drain()
    assert.ok(performance.now() - startedAt < 15_000)
    const id = await workshop.addTask('abc')
    const { status, body } = await imageMaster.getWork({ querystring: { worker: 'next', wait: 10 } })
    assert.deepEqual([status, body?.id, body?.attempt], [200, id, 1])
  })

  test('ends at once who finds no master', async t => {
    const startedAt = performance.now()
    const workshop = await startWorkshop(t, longLease)
    await workshop.master.close()
    const { drain } = work(t, workshop)
    await drain()
    assert.ok(performance.now() - startedAt < 15_000)
  })

  test('that began before the loop did takes nothing', async t => {
    const workshop = shared
    const id = await workshop.addTask('abc')
    const { ended } = work(t, workshop, { draining: AbortSignal.abort() })
    await ended
    assert.equal((await workshop.taskOf(id)).claims, 0)
  })
})

describe('a master that is away', () => {
  test('fault: is waited for', async t => {
    const workshop = await startWorkshop(t, longLease)
    const id = await workshop.addTask('abc')
    await workshop.master.close()
    work(t, workshop)
    await workshop.startMaster()
    await workshop.untilState(id, 'finished')
  })

  test('fault: while an image is developed is told of it when it is back', async t => {
    const workshop = await startWorkshop(t, longLease)
    const { develop, begun, finish } = heldDevelopment()
    work(t, workshop, { develop })
    const id = await workshop.addTask('abc')
    await begun
    await workshop.master.close()
    const restarted = workshop.startMaster()
    finish('result')
    await restarted
    const { attempts, claims } = await workshop.untilState(id, 'finished')
    assert.deepEqual([attempts, claims], [1, 1])
  })
})
