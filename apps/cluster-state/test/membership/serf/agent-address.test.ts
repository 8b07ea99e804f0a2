import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidConfig } from '@darkroom/service-kit'
import { parseAgentAddress } from '../../../src/membership/serf/agent-address.ts'

test('an address of a Serf agent has a host, and may have a port and a key', () => {
  assert.deepEqual(parseAgentAddress('serf://127.0.0.1'), { host: '127.0.0.1', port: 7373 })
  assert.deepEqual(parseAgentAddress('serf://agent:1234/'), { host: 'agent', port: 1234 })
  assert.deepEqual(parseAgentAddress('serf://[::1]:7373'), { host: '::1', port: 7373 })
  assert.deepEqual(parseAgentAddress('serf://:a%2Fb%40c@agent'), {
    host: 'agent',
    port: 7373,
    authKey: 'a/b@c',
  })
})

test('a URL that is not the address of a Serf agent is refused, without the key in the message', () => {
  for (const url of [
    'serf:',
    'serf://',
    'agent:7373',
    'http://agent:7373',
    'serf://secret@agent',
    'serf://:secret@agent/path',
    'serf://:secret@agent?tls=1',
    'serf://:secret@agent:99999',
    'serf://:100%secret@agent',
  ])
    assert.throws(
      () => parseAgentAddress(url),
      error =>
        error instanceof InvalidConfig &&
        /MEMBERSHIP_URL/.test(error.message) &&
        !/secret/.test(error.message),
    )
})
