import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { fillDisk, RecordedLog, until } from '@darkroom/testing'
import { expireLeases } from '../src/expire-leases.ts'
import { openStore } from './build-test-app.ts'
import { claim, createTasks, leaseMs } from './conformance/open-engine.ts'
import { ManualClock, taskId } from './sample-tasks.ts'

test('fault: the disk is full when a lease expires: logged once, and again only when the lease was taken back', async t => {
  const clock = new ManualClock()
  const store = openStore(t, clock.clock)
  const closing = new AbortController()
  t.after(() => closing.abort())
  await createTasks(store, 1)
  await claim(store)
  clock.advance(leaseMs + 1)
  const makeRoom = fillDisk(t)
  const attempts = t.mock.method(store, 'expireLeases')
  const writes = t.mock.method(store, 'addCounts')
  const log = new RecordedLog()
  const times = { expiryCheckMs: 5, renewalGraceMs: 5, now: clock.clock.monotonic }
  const logger = createLogger('task-db', 'info', log)
  const expiring = expireLeases({ store, outcomes: { add() {} }, logger, ...times }, closing.signal)
  await until('writes have failed twice', () => writes.mock.callCount() >= 3)
  assert.equal(attempts.mock.callCount(), 1, 'the time for renewals begins only when there is room')
  makeRoom()
  await until('the task waits again', async () => (await store.get(taskId(1)))?.state === 'not-started')
  closing.abort()
  await expiring
  await store.close()
  assert.deepEqual(
    log.lines.map(({ msg }) => msg),
    [
      'expired leases could not be taken back; retrying',
      'expired leases are taken back again',
      'the lease of a task expired, and the task was taken back',
    ],
  )
})

test('fault: the process is paused for longer than a lease: its holder can still renew it', async t => {
  const clock = new ManualClock()
  const store = openStore(t, clock.clock)
  const closing = new AbortController()
  t.after(() => closing.abort())
  await createTasks(store, 1)
  const { id, claims } = await claim(store)
  const looks = t.mock.method(store, 'expireLeases')
  const writes = t.mock.method(store, 'addCounts')
  const times = { expiryCheckMs: 5, renewalGraceMs: 5, now: clock.clock.monotonic }
  const logger = createLogger('task-db', 'silent')
  const expiring = expireLeases({ store, outcomes: { add() {} }, logger, ...times }, closing.signal)
  writes.mock.mockImplementationOnce(async () => {
    await store.apply(id, { type: 'renew', token: claims, leaseMs })
    looks.mock.resetCalls()
  })
  clock.advance(leaseMs + 1)
  await until('it gave time to renew', () => writes.mock.callCount() > 0)
  await until('it has looked again', () => looks.mock.callCount() > 0)
  assert.equal((await store.get(id))?.state, 'in-progress')
  closing.abort()
  await expiring
  await store.close()
})
