import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { InvalidConfig } from '@darkroom/service-kit'
import { noLimits } from '../src/limits/rate-limits.ts'
import { readTrustProxy } from '../src/trusted-proxies.ts'
import { startFrontend } from './start-frontend.ts'

const limits = { ...noLimits, requestsPerAddress: 2 }
const behindProxy = await startFrontend({ after }, { TRUST_PROXY: 'loopback,10.0.0.0/8' }, { limits })
const alone = await startFrontend({ after }, {}, { limits })

const statusFor = async (frontend: typeof alone, forwardedFor: string) =>
  (await frontend.ask('/operations', { headers: { 'x-forwarded-for': forwardedFor } })).status

test('behind a trusted proxy, requests count for the client that the proxy names', async () => {
  for (const client of ['192.0.2.1', '192.0.2.2'])
    for (const status of [200, 200, 429]) assert.equal(await statusFor(behindProxy, client), status, client)
})

test('the port of a client, which some proxies add, does not make it another client', async () => {
  for (const address of ['192.0.2.4', '[2001:db8::4]']) {
    const statuses = []
    for (const port of [1025, 1026, 1027]) statuses.push(await statusFor(behindProxy, `${address}:${port}`))
    assert.deepEqual(statuses, [200, 200, 429], address)
  }
})

test('addresses that a client writes before the address of the proxy are ignored', async () => {
  const statuses = []
  for (const forged of ['198.51.100.1', '198.51.100.2', '198.51.100.3'])
    statuses.push(await statusFor(behindProxy, `${forged}, 192.0.2.3, 10.1.1.1`))
  assert.deepEqual(statuses, [200, 200, 429])
})

test('without TRUST_PROXY, a client cannot choose its address', async () => {
  const statuses = []
  for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) statuses.push(await statusFor(alone, client))
  assert.deepEqual(statuses, [200, 200, 429])
})

test('TRUST_PROXY may be addresses, networks, a number or all', () => {
  assert.equal(readTrustProxy(''), undefined)
  assert.equal(readTrustProxy('false'), undefined)
  assert.equal(readTrustProxy('true'), true)
  assert.deepEqual(readTrustProxy(' loopback, ::1,10.0.0.1/32 '), ['loopback', '::1', '10.0.0.1/32'])
  const two = readTrustProxy('2')
  assert.ok(typeof two === 'function')
  assert.deepEqual(
    [0, 1, 2].map(hop => two('192.0.2.1', hop)),
    [true, true, false],
  )
})

for (const text of ['proxy.example', '10.0.0.0/33', '10.0.0', 'yes', '-1', '10.0.0.1/8/8'])
  test(`the proxy ${text} is refused with its value`, () => {
    assert.throws(
      () => readTrustProxy(text),
      (error: Error) => error instanceof InvalidConfig && error.message.includes(`got "${text}"`),
    )
  })
