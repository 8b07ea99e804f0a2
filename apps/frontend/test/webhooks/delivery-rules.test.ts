import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { retryAfterMs } from '../../src/webhooks/deliver.ts'
import { DeliverySlots, slowResponseMs } from '../../src/webhooks/delivery-slots.ts'
import { maxAttempts, retryDelayMs } from '../../src/webhooks/retry-delay.ts'
import { signedHeaders } from '../../src/webhooks/sign.ts'

const hour = 3_600_000

suite('the pauses between attempts', () => {
  const pausesFor = (keptSeconds: number, random: number, retryAfterMs?: number) => {
    const pauses: number[] = []
    for (let attempts = 1, now = 0; ; attempts += 1) {
      const pause = retryDelayMs({ attempts, endedAt: 0, keptSeconds, now, random, retryAfterMs })
      if (pause === undefined) return pauses
      pauses.push(pause)
      now += pause
    }
  }
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

  test('the pauses between attempts allow eight attempts before the results expire, for all random numbers', () => {
    for (const keptSeconds of [60, 3600, 86_400, 604_800])
      for (const random of [0, 0.5, 1]) {
        const pauses = pausesFor(keptSeconds, random)
        assert.equal(pauses.length + 1, maxAttempts)
        assert.ok(sum(pauses) < keptSeconds * 1000, `${keptSeconds}: ${pauses}`)
      }
  })

  test('the pauses between attempts grow, and differ between notices', () => {
    const pauses = pausesFor(86_400, 0.5)
    assert.deepEqual(
      pauses.toSorted((a, b) => a - b),
      pauses,
    )
    assert.deepEqual([pauses[0], pausesFor(86_400, 0)[0], pausesFor(86_400, 1)[0]], [5000, 4000, 6000])
  })

  test('the pauses between attempts respect Retry-After, but end before the results expire', () => {
    assert.equal(pausesFor(86_400, 0.5, hour)[0], hour)
    const pauses = pausesFor(3600, 0.5, 10 * hour)
    assert.deepEqual(pauses, [0.95 * hour])
    assert.deepEqual(
      ['7', 'Thu, 01 Jan 1970 00:00:09 GMT', 'soon', undefined].map(header => retryAfterMs(header, 0)),
      [7000, 9000, undefined, undefined],
    )
  })
})

suite('a signature', () => {
  const secrets = [1, 2].map(byte => Buffer.alloc(32, byte))
  const receiver = (byte: number) => new Webhook(`whsec_${Buffer.alloc(32, byte).toString('base64')}`)
  const notice = { id: 'x_3', body: '{"type":"image.finished","a":"ü"}', sentAt: new Date() }
  const headers = signedHeaders(notice, secrets)

  test('a signature is valid with any of the secrets, and with no other secret', () => {
    for (const byte of [1, 2])
      assert.deepEqual(receiver(byte).verify(notice.body, headers), JSON.parse(notice.body))
    assert.throws(() => receiver(3).verify(notice.body, headers))
  })

  test('a signature is not valid for a changed body, id or time', () => {
    assert.throws(() => receiver(1).verify(notice.body.replace('ü', 'u'), headers))
    assert.throws(() => receiver(1).verify(notice.body, { ...headers, 'webhook-id': 'x_4' }))
    const old = signedHeaders({ ...notice, sentAt: new Date(Date.now() - 400_000) }, secrets)
    assert.throws(() => receiver(1).verify(notice.body, old))
  })
})

suite('the slots for deliveries', () => {
  const limits = { all: 6, host: 2, notFast: 5, untried: 4, slow: 2, failing: 1 }

  test('the slots for deliveries are limited for each host and in total', () => {
    const slots = new DeliverySlots(limits)
    for (const host of ['a', 'b', 'c', 'd']) slots.record(host, true)
    assert.ok(slots.take('a') && slots.take('a'))
    assert.equal(slots.take('a'), undefined)
    assert.deepEqual(slots.busyHosts, ['a'])
    assert.ok(slots.take('b') && slots.take('b') && slots.take('c') && slots.take('d'))
    assert.equal(slots.take('d'), undefined)
  })

  test('the slots for deliveries are few for hosts that failed lately, and some stay free for hosts that work', () => {
    const slots = new DeliverySlots(limits)
    for (const host of ['dead-1', 'dead-2', 'dead-3']) slots.record(host, false)
    slots.record('alive', true)
    const taken = slots.take('dead-1')
    assert.ok(taken)
    assert.deepEqual([slots.take('dead-2'), slots.freeOfFailing], [undefined, 0])
    assert.ok(slots.take('new-1') && slots.take('new-2') && slots.take('new-3') && slots.take('new-4'))
    assert.equal(slots.take('new-5'), undefined)
    assert.ok(slots.take('alive'))
    taken[Symbol.dispose]()
    assert.ok(slots.take('dead-2'))
  })

  test('the slots for deliveries are few for hosts that answer slowly', () => {
    const slots = new DeliverySlots(limits)
    for (const host of ['slow-1', 'slow-2', 'slow-3']) slots.record(host, true, slowResponseMs + 1)
    slots.record('fast', true, slowResponseMs)
    const taken = slots.take('slow-1')
    assert.ok(taken && slots.take('slow-2'))
    assert.equal(slots.take('slow-3'), undefined)
    assert.ok(slots.take('fast') && slots.take('fast'))
    taken[Symbol.dispose]()
    assert.ok(slots.take('slow-3'))
    slots.record('slow-1', true, 1)
    assert.ok(slots.take('slow-1'))
  })

  test('the slots for deliveries stay free for a host that answers fast, whatever the others are', () => {
    const slots = new DeliverySlots(limits)
    for (const host of ['slow-1', 'slow-2']) slots.record(host, true, slowResponseMs + 1)
    slots.record('dead', false)
    slots.record('fast', true, 1)
    for (const host of ['new-1', 'new-2', 'new-3', 'slow-1', 'slow-2']) assert.ok(slots.take(host), host)
    assert.deepEqual(
      [slots.take('dead'), slots.take('new-4'), slots.freeOfFailing],
      [undefined, undefined, 0],
    )
    assert.ok(slots.take('fast'))
  })

  test('the slots for deliveries are normal again for a host once it answers, or after ten minutes', () => {
    let now = 1_000_000
    const slots = new DeliverySlots(limits, () => now)
    slots.record('a', false)
    assert.equal(slots.stateOf('a'), 'failing')
    slots.record('a', true)
    assert.equal(slots.stateOf('a'), 'good')
    slots.record('b', false)
    now += 600_001
    assert.equal(slots.stateOf('b'), 'untried')
  })

  test('the slots for deliveries remember the ten thousand hosts that were tried last', () => {
    const slots = new DeliverySlots(limits)
    for (let n = 0; n <= 10_000; n++) slots.record(`host-${n}`, false)
    assert.deepEqual(
      ['host-0', 'host-1'].map(host => slots.stateOf(host)),
      ['untried', 'failing'],
    )
  })
})

test('a claim names the thousand hosts that answered last', () => {
  const slots = new DeliverySlots()
  for (let n = 0; n < 2000; n++) slots.record(`host-${n}`, true, n % 2 === 0 ? 0 : slowResponseMs + 1)
  slots.record('host-1999', false)
  slots.record('host-7', true)
  const hosts = slots.answeringHosts
  assert.equal(hosts.length, 1000)
  assert.deepEqual([hosts[0], hosts.at(-2), hosts.at(-1)], ['host-1000', 'host-1998', 'host-7'])
})
