import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { InvalidConfig } from '@darkroom/service-kit'
import { readNetworks } from '../../src/outbound/networks.ts'

const forbidden = [
  ...['0.0.0.0', '10.0.0.1', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.16.0.1', '192.168.1.1'],
  ...['192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:a00:1', '64:ff9b::a00:1', '2002:a00:1::'],
  ...['2001::1', '2001:db8::1', '3fff::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fec0::1', 'ff02::1'],
  ...['::7f00:1', '4000::1'],
  ...['', 'example', '10', '0x7f000001'],
]

suite('outbound connections', () => {
  test('outbound connections go to public addresses', () => {
    for (const address of ['8.8.8.8', '::ffff:8.8.8.8', '2606:4700:4700::1111'])
      assert.ok(readNetworks('').isAllowed(address), address)
  })

  test('outbound connections do not go to other addresses', () => {
    for (const address of forbidden) assert.ok(!readNetworks('').isAllowed(address), address)
  })

  test('outbound connections go to the networks that the operator allows, also in the IPv6 form', () => {
    const networks = readNetworks(' 10.1.0.0/16, fd00::/8,192.168.7.9, fc00::7 ')
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1', '192.168.7.9', 'fc00::7'])
      assert.ok(networks.isAllowed(address), address)
    for (const address of ['10.2.0.1', 'fc00::8', '192.168.7.8', '127.0.0.1', '::1'])
      assert.ok(!networks.isAllowed(address), address)
  })
})

test('an invalid OUTBOUND_NETWORKS is refused with the invalid part', () => {
  for (const text of ['10.0.0.0/33', 'example.com', '10', '10.0.0.1/x'])
    assert.throws(
      () => readNetworks(`127.0.0.0/8,${text}`),
      (error: Error) => error instanceof InvalidConfig && error.message.includes(`got "${text}"`),
    )
})
