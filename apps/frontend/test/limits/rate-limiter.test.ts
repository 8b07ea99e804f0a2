import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressGroup } from '../../src/limits/address-group.ts'
import { RateLimiter } from '../../src/limits/rate-limiter.ts'

test('the limit may be used at once, and any window has at most twice the limit', () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), pauses, (limit, pauses) => {
      let now = 0
      const limiter = new RateLimiter(limit, 10_000, () => now)
      for (let n = 0; n < limit; n++) assert.equal(limiter.take('a').isAllowed, true)
      assert.equal(limiter.take('a').isAllowed, false)
      const allowed = [now]
      for (const pause of pauses) {
        now += pause
        const { isAllowed, remaining, retryAfterSeconds } = limiter.take('a')
        if (isAllowed) allowed.push(now)
        assert.equal(remaining > 0, retryAfterSeconds === 0)
        assert.ok(remaining <= limit)
      }
      for (const start of allowed) {
        const within = allowed.filter(at => at >= start && at < start + 10_000).length
        assert.ok(within <= 2 * limit)
      }
    }),
  )
})

test('a client that waits for Retry-After is allowed again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), limit => {
      let now = 0
      const limiter = new RateLimiter(limit, 60_000, () => now)
      while (limiter.take('a').isAllowed);
      const { retryAfterSeconds, resetSeconds } = limiter.take('a')
      assert.ok(retryAfterSeconds > 0 && retryAfterSeconds <= resetSeconds)
      now += retryAfterSeconds * 1000
      assert.equal(limiter.take('a').isAllowed, true)
      assert.equal(limiter.take('b').remaining, limit - 1, 'another name has its own limit')
    }),
  )
})

test('the oldest names are dropped when there are too many, so memory is bounded', () => {
  let now = 0
  const limiter = new RateLimiter(2, 1000, () => now)
  limiter.take('first')
  for (let n = 0; n < 250_000; n++) {
    now += 0.001
    limiter.take(`name ${n}`)
  }
  assert.equal(limiter.take('name 249999').remaining, 0)
  assert.equal(limiter.take('first').remaining, 1, 'its earlier request was forgotten')
})

test('names without recent requests are dropped before a name that has used up its limit', () => {
  let now = 0
  const limiter = new RateLimiter(2, 1000, () => now)
  while (limiter.take('busy').isAllowed);
  for (let n = 0; n < 99_999; n++) limiter.take(`name ${n}`)
  now = 600 // one request is allowed again
  limiter.take('one too many')
  limiter.take('busy')
  assert.equal(limiter.take('busy').isAllowed, false)
})

test('an IPv6 client is counted by its network, an IPv4 client by its address', () => {
  const same = (...addresses: string[]) => assert.equal(new Set(addresses.map(addressGroup)).size, 1)
  same('2001:db8::1', '2001:db8::ffff:1', '2001:0db8:0:0:1:2:3:4', '2001:DB8::%eth0')
  same('2001::1:2:3:4:5', '2001:0:0:1::9')
  same('192.0.2.1', '::ffff:192.0.2.1')
  same('::1', '::2')
  const other = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8:0:1::1', '::1']
  assert.equal(new Set(other.map(addressGroup)).size, other.length)
})
