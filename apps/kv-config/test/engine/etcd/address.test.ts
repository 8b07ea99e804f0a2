import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidConfig } from '@darkroom/service-kit'
import { parseEtcdUrl } from '../../../src/engine/etcd/address.ts'

test('members are given by host and port; the default port is 2379', () => {
  const { endpoints, prefix, credentials } = parseEtcdUrl('etcd://a:1,b,10.0.0.1:3,[::1]:4')
  assert.deepEqual(endpoints, ['http://a:1', 'http://b:2379', 'http://10.0.0.1:3', 'http://[::1]:4'])
  assert.deepEqual([prefix, credentials], ['darkroom/', undefined])
})

test('user and password are percent-encoded', () => {
  const { credentials, endpoints } = parseEtcdUrl('etcd://me%3A:p%40ss%2F%3F@a:1,b:2')
  assert.deepEqual(credentials, { name: 'me:', password: 'p@ss/?' })
  assert.deepEqual(endpoints, ['http://a:1', 'http://b:2'])
})

test('the prefix and TLS are options', () => {
  const { endpoints, prefix } = parseEtcdUrl('etcd://a:1/?prefix=one/two%2F&tls=true')
  assert.deepEqual([endpoints, prefix], [['https://a:1'], 'one/two/'])
  assert.deepEqual(parseEtcdUrl('etcd://a:1?tls=false').endpoints, ['http://a:1'])
})

for (const url of [
  'etcd://',
  'etcd:///',
  'etcd://a:1,',
  'etcd://a:99999',
  'etcd://a b:1',
  'etcd://me@a:1',
  'etcd://me:a:b@a:1',
  'etcd://me:%zz@a:1',
  'etcd://a:1?prefix=',
  'etcd://a:1?tls=yes',
  'etcd://a:1?sharding=none',
  'http://a:1',
]) {
  test(`${url} is refused with the setting's name`, () => {
    assert.throws(
      () => parseEtcdUrl(url),
      error => error instanceof InvalidConfig && /KV_STORE_URL/.test(error.message),
    )
  })
}

for (const url of [
  'etcd://me:secret@a:1?tls=perhaps',
  'etcd://me:why?secret@a:1',
  'etcd://me:a/secret@b:1',
]) {
  test(`the error for ${url} contains no password`, () => {
    assert.throws(
      () => parseEtcdUrl(url),
      error => error instanceof InvalidConfig && !error.message.includes('secret'),
    )
  })
}
