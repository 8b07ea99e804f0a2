import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { noLimits } from '../../src/limits/rate-limits.ts'
import { startGuarded } from '../access/start-guarded.ts'
import { codeOf, png, tus, tusRequests } from '../tus-requests.ts'

test('a key has a limit of requests a minute; responses have the remaining number and Retry-After', async t => {
  const { askWith, store, makeKey } = await startGuarded(t, { limits: { ...noLimits, requestsPerKey: 20 } })
  const [first, second] = [await makeKey(), await store.create({}, 'a test')]
  const response = await askWith(first.key, '/operations')
  const { 'ratelimit-policy': policy, ratelimit } = response.headers
  assert.equal(policy, '"key";q=20;w=60')
  assert.match(String(ratelimit), /^"key";r=\d+;t=\d+$/)
  assert.equal(response.headers['ratelimit-limit'], '20')
  let remaining = Number(response.headers['ratelimit-remaining'])
  for (let refused = false; !refused; ) {
    const { status, headers, json } = await askWith(first.key, '/images/x')
    refused = status === 429
    if (!refused) assert.equal(status, 404)
    else {
      assert.equal(json().type, problemType('too-many-requests'))
      assert.match(String(json().detail), /this API key may send 20 requests a minute; try again in \d+ s/)
      assert.ok(Number(headers['retry-after']) >= 1)
      assert.equal(headers['ratelimit-remaining'], '0')
    }
    assert.ok(Number(headers['ratelimit-remaining']) <= remaining)
    remaining = Number(headers['ratelimit-remaining'])
  }
  assert.equal((await askWith(second.key, '/operations')).status, 200, 'another key has its own limit')
  assert.equal((await askWith(first.key, '/healthz')).status, 200)
})

test('an address has a limit of requests a minute, also on a frontend without keys', async t => {
  const limits = { ...noLimits, requestsPerAddress: 5 }
  const { ask } = await startGuarded(t, { accessMode: 'open', limits })
  const statuses = []
  for (let n = 0; n < 7; n++) statuses.push((await ask('/operations')).status)
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429])
})

test('beyond the limit, the continuation of a resumable upload returns 503, because clients of tus give up after a 429', async t => {
  const limits = { ...noLimits, requestsPerAddress: 2 }
  const { ask } = await startGuarded(t, { accessMode: 'open', limits })
  const { begin, patch } = tusRequests({ ask })
  const path = await begin()
  await ask('/operations')
  const refused = await patch(path, 0, png)
  assert.deepEqual(codeOf(refused), [503, 'too-many-requests'])
  assert.ok(Number(refused.headers['retry-after']) >= 1)
  assert.equal((await ask(path, { method: 'HEAD', headers: tus })).status, 423)
})

test('an address that sends too many wrong keys gets 429, and valid keys from it still work', async t => {
  const limits = { ...noLimits, refusedKeysPerAddress: 5 }
  const { askWith, makeKey, log } = await startGuarded(t, { limits })
  const { key } = await makeKey()
  const statuses = []
  for (let n = 0; n < 8; n++) statuses.push((await askWith(`dk_${n}`, '/images')).status)
  assert.deepEqual(statuses.slice(-3), [429, 429, 429])
  assert.equal(statuses[0], 401)
  const { status, headers, json } = await askWith('dk_x', '/images')
  assert.deepEqual([status, json().type], [429, problemType('too-many-refused-keys')])
  assert.ok(Number(headers['retry-after']) > 0)
  assert.equal((await askWith(key, '/images')).status, 200)
  const warnings = log.lines.filter(({ msg }) => String(msg).startsWith('an address sent too many'))
  assert.equal(warnings.length, 1)
})
