import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imageCounters } from '@darkroom/contracts'
import { RecordedTally, until } from '@darkroom/testing'
import { buildTestApp, openStore } from './build-test-app.ts'
import { claim, leaseMs } from './conformance/open-engine.ts'
import { error, facts, ManualClock, newTask, taskId } from './sample-tasks.ts'

test('a finished task is counted once, with the bytes of its result, even if it is reported often', async t => {
  const { tally, begin, report } = prepare(t)
  await begin(1)
  await report(1, { state: 'finished', token: 1, result: facts })
  await report(1, { state: 'finished', token: 1, result: facts })
  await report(1, { state: 'failed', token: 1, error, retryable: false })
  assert.deepEqual(tally.amounts, { [imageCounters.finished]: 1, [imageCounters.bytesOut]: facts.bytes })
})

test('a result is refused whose size no counter could add: all later sizes would not be counted, either', async t => {
  const { tally, begin, report } = prepare(t)
  await begin(1)
  for (const bytes of [1e300, 2 ** 53, 2 ** 43 + 1]) {
    const refused = await report(1, { state: 'finished', token: 1, result: { ...facts, bytes } })
    assert.equal(refused.statusCode, 400)
  }
  assert.deepEqual(tally.amounts, {})
})

test('a failure is counted when the task has failed permanently', async t => {
  const { tally, begin, report } = prepare(t)
  await begin(1)
  await report(1, { state: 'failed', token: 1, error, retryable: true })
  assert.deepEqual(tally.amounts, {})
  await begin(1)
  await report(1, { state: 'failed', token: 2, error, retryable: false })
  assert.deepEqual(tally.amounts, { [imageCounters.failed]: 1 })
})

test('a task that fails because its workers were lost is counted, too', async t => {
  const { tally, begin, clock, store } = prepare(t)
  await begin(1, 1)
  clock.advance(leaseMs + 1)
  await until('the task has failed', async () => (await store.get(taskId(1)))?.state === 'failed')
  await until('it is counted', () => tally.amounts[imageCounters.failed] === 1)
})

test('returned and deleted tasks are not counted, and closing the app closes the tally', async t => {
  const { app, tally, begin, report } = prepare(t)
  await begin(1)
  await report(1, { state: 'returned', token: 1 })
  await begin(1)
  await app.inject({ method: 'DELETE', url: `/tasks/${taskId(1)}` })
  assert.deepEqual(tally.amounts, {})
  await app.close()
  assert.ok(tally.isClosed)
})

function prepare(t: Parameters<typeof openStore>[0]) {
  const clock = new ManualClock()
  const store = openStore(t, clock.clock)
  const tally = new RecordedTally()
  const app = buildTestApp(t, { store, tally })
  return {
    app,
    clock,
    store,
    tally,
    async begin(number: number, maxAttempts = 3) {
      await store.create(taskId(number), newTask({ maxAttempts }))
      await claim(store)
    },
    report: (number: number, body: object) =>
      app.inject({ method: 'POST', url: `/tasks/${taskId(number)}`, body }),
  }
}
