import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertProblem } from '@darkroom/testing'
import { buildTestApp } from '../build-test-app.ts'

test('a claim of notices is refused if it names a host that no URL can have', async t => {
  const app = buildTestApp(t)
  const claim = (host: string) => {
    const body = { isSlow: false, limit: 1, leaseMs: 1000, exceptHosts: [host] }
    return app.inject({ method: 'POST', url: '/notices/claim', body })
  }
  for (const host of ['a\0b', 'a b', '\ud800', 'a'.repeat(2001)])
    assertProblem(await claim(host), 400, 'invalid-request')
  for (const url of ['http://bücher.example:81', 'http://[::1]:8080'])
    assert.equal((await claim(new URL(url).host)).statusCode, 200)
})
