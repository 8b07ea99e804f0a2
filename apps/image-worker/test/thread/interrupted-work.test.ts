// Slow: it waits until leases end, and until workers are drained.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { until } from '@darkroom/testing'
import { startWorkshop } from '../start-workshop.ts'
import { heldDevelopment } from './run-work-loop.ts'
import { longLease, shared, work } from './shared-workshop.ts'

suite('work that is no longer wanted', () => {
  test('because its lease was lost is abandoned, and stores nothing', async t => {
    const workshop = await startWorkshop(t, { LEASE_MS: '600' })
    const { develop, begun, finish } = heldDevelopment(t)
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
    await until('the worker has the response', () => lostReplies > 0)
    finish('late result')
    const [end] = await untilEnded()
    assert.equal(end?.kind, 'abandoned')
    assert.equal(await workshop.resultOf(id), undefined)
    const { state, claims } = await workshop.taskOf(id)
    assert.deepEqual([state, claims], ['in-progress', token])
  })

  test('because its task was deleted is abandoned, and leaves no bytes', async t => {
    const workshop = shared
    const { develop, begun, finish } = heldDevelopment(t)
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
    // The whole body has arrived, so aborting the request wouldn't stop the storage from storing it.
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

  test('and fails afterwards is abandoned, and changes nothing', async t => {
    const workshop = shared
    const { develop, begun, fail } = heldDevelopment(t)
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

suite('draining', () => {
  test('finishes the image in progress, and takes no other', async t => {
    const workshop = shared
    const { develop, begun, finish } = heldDevelopment(t)
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

  test('returns the task of a poll in progress, without counting the attempt', async t => {
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

  test('ends an idle poll long before its wait ends, and the poll takes no task any more', async t => {
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

  test('ends at once without a master', async t => {
    const startedAt = performance.now()
    const workshop = await startWorkshop(t, longLease)
    await workshop.master.close()
    const { drain } = work(t, workshop)
    await drain()
    assert.ok(performance.now() - startedAt < 15_000)
  })

  test('draining that began before the loop takes no task', async t => {
    const workshop = shared
    const id = await workshop.addTask('abc')
    const { ended } = work(t, workshop, { draining: AbortSignal.abort() })
    await ended
    assert.equal((await workshop.taskOf(id)).claims, 0)
  })
})

suite('a worker whose master does not answer', () => {
  test('fault: waits for it', async t => {
    const workshop = await startWorkshop(t, longLease)
    const id = await workshop.addTask('abc')
    await workshop.master.close()
    work(t, workshop)
    await workshop.startMaster()
    await workshop.untilState(id, 'finished')
  })

  test('fault: reports an image that was developed meanwhile when the master is back', async t => {
    const workshop = await startWorkshop(t, longLease)
    const { develop, begun, finish } = heldDevelopment(t)
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
