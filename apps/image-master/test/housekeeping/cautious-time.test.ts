import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CautiousTime } from '../../src/housekeeping/cautious-time.ts'

const hourMs = 3_600_000

function prepare() {
  let now = 1_000_000_000_000
  let passed = 5_000_000
  const time = new CautiousTime({ now: () => now, monotonic: () => passed })
  const pass = (ms: number) => {
    now += ms
    passed += ms
  }
  const set = (byMs: number) => {
    now += byMs
  }
  /** How far the cautious time is behind the clock after a while in which it is read every minute. */
  const behindAfter = (ms: number) => {
    for (let n = 0; n < ms; n += 60_000) {
      pass(60_000)
      time.now()
    }
    return now - time.now()
  }
  return { set, behindAfter }
}

test('the time for deleting is the time of day', () => {
  assert.equal(prepare().behindAfter(3 * hourMs), 0)
})

test('a clock that gains a second between two checks is accepted at once, a clock that gains more is not', () => {
  const { set, behindAfter } = prepare()
  set(1000)
  assert.equal(behindAfter(60_000), 0)
  set(1001)
  assert.equal(behindAfter(60_000), 1001)
})

test('fault: the clock is set ahead by mistake, and back: the time for deleting does not jump', () => {
  const { set, behindAfter } = prepare()
  set(48 * hourMs)
  assert.equal(behindAfter(hourMs / 2), 48 * hourMs)
  set(-48 * hourMs)
  assert.equal(behindAfter(60_000), 0)
})

test('a clock that was set ahead is accepted after an hour, a clock that was set back at once', () => {
  const { set, behindAfter } = prepare()
  set(48 * hourMs)
  assert.equal(behindAfter(hourMs - 60_000), 48 * hourMs)
  assert.equal(behindAfter(3 * 60_000), 0)
  set(-hourMs)
  assert.equal(behindAfter(60_000), 0)
})

test('a jump is noticed even if the time was not read for more than an hour', () => {
  const { set, behindAfter } = prepare()
  behindAfter(60_000)
  set(48 * hourMs)
  assert.ok(behindAfter(60_000) > 0)
})
