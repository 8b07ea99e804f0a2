// Slow: it develops many images while the storage fails.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { ServiceUnavailable } from '@darkroom/service-kit'
import { until } from '@darkroom/testing'
import type { WorkLoopOptions } from '../../src/thread/work-options.ts'
import { startWorkshop, type Workshop } from '../start-workshop.ts'
import { runWorkLoop } from './run-work-loop.ts'

const noRoom = {
  status: 503,
  headers: {},
  body: { type: problemType('disk-full'), title: 'Disk full', status: 503 },
} as const

/** Runs the loop until the test ends. The loop sends images of any size to the storage. */
function work(workshop: Workshop, options: Partial<WorkLoopOptions> = {}) {
  const loop = runWorkLoop(workshop, { inlineBytes: 0, ...options })
  workshop.defer(loop.drain)
  return loop
}

suite('a storage that does not answer', () => {
  test('fault: costs no attempt, and no image is taken until it is back', async t => {
    const workshop = await startWorkshop(t)
    const id = await workshop.addTask('abc', 1)
    await workshop.storage.close()
    const { untilEnded } = work(workshop)
    assert.deepEqual(await untilEnded(), [{ kind: 'returned' }])
    const { state, attempts, claims } = await workshop.taskOf(id)
    assert.deepEqual([state, attempts, claims], ['not-started', 0, 1])

    await workshop.startStorage()
    assert.equal((await workshop.untilState(id, 'finished')).claims, 2)
    assert.equal(await workshop.resultOf(id), 'cba')
  })

  test('fault: costs no attempt, however many workers try the same image meanwhile', async t => {
    const workshop = await startWorkshop(t)
    const { storage } = workshop.clients
    let isAway = true
    const passOn = <Call extends (...call: never[]) => Promise<unknown>>(send: Call) =>
      (async (...call: never[]) => {
        if (isAway) throw new ServiceUnavailable('storage', new Error('the storage is unavailable'))
        return send(...call)
      }) as Call
    const faulty = { ...storage, getBlob: passOn(storage.getBlob), headBlob: passOn(storage.headBlob) }
    const clients = { imageMaster: workshop.clients.imageMaster, storage: faulty }
    const id = await workshop.addTask('abc', 1)
    for (let tried = 0; tried < 25; tried++) {
      const { untilEnded, drain } = work(workshop, { clients })
      assert.deepEqual(await untilEnded(), [{ kind: 'returned' }])
      await drain()
    }
    isAway = false
    work(workshop, { clients })
    assert.equal((await workshop.untilState(id, 'finished')).claims, 26)
  })

  test('fault: refuses results, which costs no attempt and few developments until there is room', async t => {
    const workshop = await startWorkshop(t)
    const { imageMaster, storage } = workshop.clients
    let isFull = true
    const refusedAt: number[] = []
    const putBlob: typeof storage.putBlob = async call => {
      if (!isFull) return storage.putBlob(call)
      refusedAt.push(performance.now())
      return noRoom
    }
    const clients = { imageMaster, storage: { ...storage, putBlob } }
    const id = await workshop.addTask('abc', 1)
    const refusedWrites = { offerMs: 0, firstPauseMs: 20, longestPauseMs: 80 }
    work(workshop, { clients, refusedWrites })
    // More often than an image may be returned before the image itself is suspected.
    await until('it was refused often', () => refusedAt.length > 25)
    for (const [n, at] of refusedAt.slice(5).entries()) {
      const pausedMs = at - (refusedAt[n + 4] ?? 0)
      assert.ok(pausedMs >= 39, `${pausedMs} ms between two developments`)
    }
    // While the task is in progress, its present attempt is counted.
    assert.equal((await workshop.untilState(id, 'not-started')).attempts, 0)
    isFull = false
    const { attempts } = await workshop.untilState(id, 'finished')
    assert.equal(attempts, 1)
    assert.equal(await workshop.resultOf(id), 'cba')
  })

  test('fault: refuses a result now and then, after which the pauses are short again', async t => {
    const workshop = await startWorkshop(t)
    const { imageMaster, storage } = workshop.clients
    const refused = new Set<string>()
    const putBlob: typeof storage.putBlob = async call => {
      const { key } = call.params
      if (refused.has(key)) return storage.putBlob(call)
      refused.add(key)
      return noRoom
    }
    const refusedWrites = { offerMs: 0, firstPauseMs: 10, longestPauseMs: 600_000 }
    work(workshop, { clients: { imageMaster, storage: { ...storage, putBlob } }, refusedWrites })
    // If every pause were twice as long as the last, the pauses would take hours.
    for (let image = 0; image < 20; image++)
      await workshop.untilState(await workshop.addTask('abc', 1), 'finished')
    assert.equal(refused.size, 20)
  })

  test('fault: refuses results, and a worker that waits for room drains at once', async t => {
    const workshop = await startWorkshop(t)
    const { imageMaster, storage } = workshop.clients
    const putBlob: typeof storage.putBlob = async () => noRoom
    const clients = { imageMaster, storage: { ...storage, putBlob } }
    const refusedWrites = { offerMs: 0, firstPauseMs: 600_000, longestPauseMs: 600_000 }
    const { untilEnded, drain } = work(workshop, { clients, refusedWrites })
    await workshop.addTask('abc')
    assert.deepEqual(await untilEnded(), [{ kind: 'returned' }])
    await drain()
  })

  test('fault: for one image only, repeatedly, fails that image in the end', async t => {
    const workshop = await startWorkshop(t)
    const { storage } = workshop.clients
    const getBlob: typeof storage.getBlob = async () => {
      throw new ServiceUnavailable('storage', new Error('this image is never available'))
    }
    const clients = { imageMaster: workshop.clients.imageMaster, storage: { ...storage, getBlob } }
    work(workshop, { clients })
    const id = await workshop.addTask('abc', 1)
    const { error, claims } = await workshop.untilState(id, 'failed')
    assert.equal(error?.type, problemType('processing-failed'))
    assert.equal(claims, 20)
  })
})
