import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PausedTimeout } from '../../src/outbound/paused-timeout.ts'

test('the time of a paused timeout passes only while something is awaited', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 5000
  const pass = (ms: number) => {
    now += ms
    t.mock.timers.tick(ms)
  }
  const timeout = new PausedTimeout(100, () => now)
  await timeout.during(async () => pass(60))
  pass(1000)
  await timeout.during(async () => pass(39))
  pass(1000)
  assert.ok(!timeout.signal.aborted)
  await timeout.during(async () => pass(1))
  assert.equal(timeout.signal.reason.name, 'TimeoutError')
})
