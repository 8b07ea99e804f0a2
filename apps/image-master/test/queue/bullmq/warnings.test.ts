import assert from 'node:assert/strict'
import { test } from 'node:test'
import { warningsOf } from '../../../src/queue/bullmq/warnings.ts'

const right = ['redis_version:7.0.15', 'maxmemory_policy:noeviction', 'aof_enabled:1']

function warnings(...lines: string[]): string {
  return warningsOf(['# Server', ...lines, ''].join('\r\n')).join('\n')
}

test('there are no warnings about a Redis with the right settings, or about a Redis that hides its settings', () => {
  assert.equal(warnings(...right), '')
  assert.equal(warnings('redis_version:6.2.0', ...right.slice(1)), '')
  assert.equal(warnings('redis_version:7.2.4', 'server_name:valkey', 'valkey_version:8.1.0'), '')
  assert.equal(warnings(), '')
})

test('versions below 6.2 are named', () => {
  for (const version of ['5.0.14', '6.0.16', '6.1.9'])
    assert.match(
      warnings(`redis_version:${version}`, ...right.slice(1)),
      new RegExp(`^Redis ${version} is too old`),
    )
})

test('any policy but noeviction and a missing append-only file are warned of', () => {
  const texts = warnings('redis_version:7.0.15', 'maxmemory_policy:volatile-lru', 'aof_enabled:0')
  assert.match(texts, /maxmemory-policy is volatile-lru/)
  assert.match(texts, /appendonly yes/)
})
