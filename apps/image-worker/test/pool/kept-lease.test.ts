// Slow: it waits until leases end.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { logger } from '@darkroom/image-master/testing'
import { until } from '@darkroom/testing'
import { KeptLease } from '../../src/pool/kept-lease.ts'
import { startWorkshop } from '../start-workshop.ts'

async function begin(t: TestContext, leaseMs = 1500) {
  const workshop = await startWorkshop(t, { LEASE_MS: String(leaseMs) })
  const { clients, defer } = workshop
  const id = await workshop.addTask('text')
  const { status, body } = await clients.imageMaster.getWork({ querystring: { worker: 'w', wait: 10 } })
  if (status !== 200) assert.fail('there was no task to claim')
  const lease = new KeptLease(body, clients.imageMaster, logger)
  defer(async () => lease.close())
  const expiresAt = async () => Date.parse(String((await workshop.taskOf(id)).lease?.expiresAt))
  return { ...workshop, id, work: body, lease, expiresAt }
}

suite('a lease that is kept', () => {
  test('a lease that is kept is renewed before it expires', async t => {
    const { id, work, lease, expiresAt, taskOf } = await begin(t)
    const end = Date.parse(work.lease.expiresAt)
    await until('it has a later end', async () => (await expiresAt()) > end + 1500)
    assert.equal(lease.lost.aborted, false)
    const { state, attempts } = await taskOf(id)
    assert.deepEqual([state, attempts], ['in-progress', 1])
  })

  test('a lease that was taken over is lost, with the reason', async t => {
    const { id, lease, takeOver } = await begin(t)
    await takeOver(id)
    await until('it is lost', () => lease.lost.aborted)
    assert.match(String(lease.lost.reason), /the lease expired/)
  })

  test('a lease of a task that was deleted is lost, with the reason', async t => {
    const { id, lease, clients } = await begin(t)
    await clients.taskDb.deleteTask({ params: { id } })
    await until('it is lost', () => lease.lost.aborted)
    assert.match(String(lease.lost.reason), /deleted/)
  })

  test('a lease that is kept is no longer renewed when it is closed, once or twice, and is not lost thereby', async t => {
    const { id, lease, untilState, taskOf } = await begin(t, 300)
    lease.close()
    lease.close()
    await untilState(id, 'not-started')
    assert.equal(lease.lost.aborted, false)
    assert.equal((await taskOf(id)).attempts, 1)
  })

  test('a renewal in progress is given up when the lease is closed', async t => {
    const renewal = Promise.withResolvers<AbortSignal | undefined>()
    const silent = {
      extendWork({ signal }: { signal?: AbortSignal }) {
        renewal.resolve(signal)
        return new Promise<never>(() => undefined)
      },
    }
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const lease = { token: 1, expiresAt: new Date().toISOString(), durationMs: 3000 }
    const kept = new KeptLease({ id: 'image', lease }, silent, logger)
    t.mock.timers.tick(1000)
    const signal = await renewal.promise
    kept.close()
    assert.equal(signal?.aborted, true)
    assert.equal(kept.lost.aborted, false)
  })

  test('fault: is retried while the master is unavailable, and kept if the master comes back in time', async t => {
    const { id, work, lease, expiresAt, master, startMaster, taskOf } = await begin(t, 10_000)
    await master.close()
    const before = await expiresAt()
    await startMaster()
    await until('it is renewed', async () => (await expiresAt()) > before)
    assert.equal(lease.lost.aborted, false)
    assert.equal((await taskOf(id)).claims, work.lease.token)
  })

  test('fault: a long lease is renewed soon after a renewal failed, as its end may have come during the outage', async t => {
    const attempts: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()]
    let attempt = 0
    const failing = {
      async extendWork() {
        attempts[attempt++]?.resolve()
        throw new Error('the master does not answer')
      },
    }
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const lease = { token: 1, expiresAt: new Date().toISOString(), durationMs: 3_600_000 }
    const kept = new KeptLease({ id: 'image', lease }, failing, logger)
    t.mock.timers.tick(1_200_000)
    await attempts[0]?.promise
    await new Promise(setImmediate)
    t.mock.timers.tick(1000)
    await attempts[1]?.promise
    kept.close()
  })

  test('fault: is lost if the master comes back too late', async t => {
    const { id, lease, master, startMaster, takeOver, untilState } = await begin(t, 300)
    await master.close()
    await untilState(id, 'not-started')
    await takeOver(id)
    await startMaster()
    await until('it is lost', () => lease.lost.aborted)
  })
})
