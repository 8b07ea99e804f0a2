import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EtcdServers, until, withEngine } from '@darkroom/testing'
import { absent, bytes, put, remove, text } from '../../conformance/open-engine.ts'
import { newPrefix, openAt, openEtcdStore, shareEtcd } from './shared-etcd.ts'
import { startRelay } from './tcp-relay.ts'

/** The number of leases in etcd. */
async function countLeases(servers: EtcdServers): Promise<number> {
  const { leases = [] } = (await servers.post('lease/leases', {})) as { leases?: unknown[] }
  return leases.length
}

withEngine('etcd', program => {
  const etcd = shareEtcd(program)

  test('an entry has one lease, however often it is renewed, changed or replaced', async t => {
    const store = openEtcdStore(t, etcd())
    for (let n = 0; n < 5; n += 1) await put(store, 'a', 'same', 600)
    assert.equal(await countLeases(etcd()), 1)
    await put(store, 'a', 'same', 1200)
    await put(store, 'a', 'other', 1200)
    await until('the leases before are ended', async () => (await countLeases(etcd())) === 1)
    assert.equal(text((await store.get('a')).entry), 'other')
    await put(store, 'a', 'other')
    await until('no lease is left', async () => (await countLeases(etcd())) === 0)
    assert.equal(text((await store.get('a')).entry), 'other')
    await put(store, 'a', 'leased', 600)
    await remove(store, 'a')
    await until('no lease is left', async () => (await countLeases(etcd())) === 0)
  })

  test('a lease shorter than etcd’s minimum is renewed like any other', async t => {
    const store = openEtcdStore(t, etcd())
    const { revision } = await put(store, 'a', 'same', 0.5)
    const { revision: before } = await store.get('a')
    for (let n = 0; n < 3; n += 1) assert.equal((await put(store, 'a', 'same', 0.5)).revision, revision)
    assert.equal((await store.get('a')).revision, before)
    await until('one lease is left', async () => (await countLeases(etcd())) === 1)
    await remove(store, 'a')
    await until('no lease is left', async () => (await countLeases(etcd())) === 0)
  })

  test('the end of a lease is queried once, and only for a listing that contains it', async t => {
    const [member] = etcd().members
    const relay = await startRelay(t, member?.client ?? '')
    const prefix = newPrefix()
    const reader = openAt(t, { endpoints: [relay.url], prefix })
    const writer = openEtcdStore(t, etcd(), prefix)
    await put(writer, 'a', 'one', 600)
    const listing = { prefix: '', limit: 10, includesExpiry: true }
    const before = (await reader.list(listing)).entries[0]?.expiresAt
    assert.ok(before)
    await put(writer, 'b', 'one', 600)
    relay.swallow('/v3/lease/timetolive')
    assert.equal((await reader.get('b')).entry?.isLeased, true)
    assert.equal((await reader.set('b', bytes('two'), { condition: absent })).kind, 'conflict')
    assert.equal((await reader.list({ prefix: '', limit: 10 })).entries.length, 2)
    const again = await reader.list({ ...listing, limit: 1 })
    assert.deepEqual(again.entries[0]?.expiresAt, before)
  })

  test('a store does not list the keys of another store in the same etcd', async t => {
    const [one, two] = [openEtcdStore(t, etcd(), 'one'), openEtcdStore(t, etcd(), 'one2')]
    await put(one, 'a', 'of one')
    await put(two, 'a', 'of two')
    assert.equal(text((await two.get('a')).entry), 'of two')
    const { entries } = await two.list({ prefix: '', limit: 10 })
    assert.deepEqual(entries.map(text), ['of two'])
  })
})
