import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { OutcomeUnknown, StoreUnavailable } from '@darkroom/service-kit'
import { type EtcdServers, startEtcd, until, withEngine } from '@darkroom/testing'
import { absent, always, bytes, put, text, wake } from '../../conformance/open-engine.ts'
import { newPrefix, openAt, openEtcdStore, shareEtcd } from './shared-etcd.ts'
import { startRelay, type TcpRelay } from './tcp-relay.ts'

/** A store that is connected to etcd through relays, and another store with the same keys that is connected directly. */
async function openThroughRelays(t: TestContext, servers: EtcdServers, count = 1) {
  const prefix = newPrefix()
  const [member] = servers.members
  const targets = Array.from({ length: count }, () => member?.client ?? '')
  const relays = await Promise.all(targets.map(target => startRelay(t, target)))
  const store = openAt(t, { endpoints: relays.map(({ url }) => url), prefix })
  const [relay] = relays
  assert.ok(relay)
  return { store, direct: openEtcdStore(t, servers, prefix), relay, relays, prefix }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof StoreUnavailable && !(error instanceof OutcomeUnknown)
}

withEngine('etcd', program => {
  const etcd = shareEtcd(program)

  // These tests mostly wait, and don't affect each other.
  suite('a store whose connections to etcd fail', { concurrency: true }, () => {
    test('fault: a watch that broke misses no change until it is restored', async t => {
      const { store, direct, relay } = await openThroughRelays(t, etcd())
      const { revision } = await put(store, 'a', 'one')
      await store.waitForChange({ key: 'a' }, revision - 1, AbortSignal.timeout(5000))
      const waits = [wake(store, { key: 'a' }, revision), wake(store, { prefix: 'c' }, revision)]
      relay.cut()
      await put(direct, 'a', 'two')
      await put(direct, 'b', 'two')
      await put(direct, 'c', 'two')
      relay.restore()
      await Promise.all(waits)
    })

    test('fault: if etcd has compacted the changes that a broken watch missed, all waiting requests are woken', async t => {
      const { store, direct, relay } = await openThroughRelays(t, etcd())
      const { revision } = await put(store, 'a', 'one')
      const wait = wake(store, { key: 'a' }, revision)
      relay.cut()
      await put(direct, 'a', 'two')
      const last = await put(direct, 'b', 'two')
      await etcd().post('kv/compaction', { revision: String(last.revision) })
      relay.restore()
      await wait
      const again = await store.get('a')
      assert.equal(text(again.entry), 'two')
      const next = wake(store, { key: 'a' }, again.revision)
      await put(direct, 'a', 'three')
      await next
    })

    test('fault: if etcd was restored with fewer revisions, all waiting requests are woken, and again by later changes', async t => {
      const [before, restored] = [etcd(), await startEtcd(t, program)]
      const prefix = newPrefix()
      const old = openEtcdStore(t, before, prefix)
      const { revision } = await put(old, 'a', 'one')
      const relays = await Promise.all([before, restored].map(({ clients }) => startRelay(t, clients)))
      const [toOld, toRestored] = relays as [TcpRelay, TcpRelay]
      toRestored.cut()
      const store = openAt(t, { endpoints: relays.map(({ url }) => url), prefix })
      await store.waitForChange({ key: 'a' }, revision - 1, AbortSignal.timeout(5000))
      const wait = wake(store, { key: 'a' }, revision)
      toOld.cut()
      toRestored.restore()
      await wait
      const again = await store.get('a')
      assert.ok(again.revision < revision)
      const next = wake(store, { key: 'a' }, again.revision)
      await put(openEtcdStore(t, restored, prefix), 'a', 'two')
      await next
    })

    test('fault: a watch that stops responding is replaced by a watch on another member', async t => {
      const { store, direct, relays } = await openThroughRelays(t, etcd(), 2)
      const { revision } = await put(store, 'a', 'one')
      await store.waitForChange({ key: 'a' }, revision - 1, AbortSignal.timeout(5000))
      const used = await until('the watch is open', () => relays.find(({ connections }) => connections > 0))
      const wait = wake(store, { key: 'a' }, revision)
      used.swallow()
      await put(direct, 'a', 'two')
      await wait
    })

    test('fault: a member that does not answer, or is gone, is skipped', async t => {
      const { store, relays } = await openThroughRelays(t, etcd(), 2)
      await put(store, 'a', 'one')
      for (const fail of ['swallow', 'cut'] as const) {
        for (const relay of relays) {
          relay[fail]()
          assert.equal(text((await store.get('a')).entry), 'one')
          relay.restore()
        }
      }
    })

    test('fault: while no member answers, reads and writes are refused with 503', async t => {
      const { store, relay } = await openThroughRelays(t, etcd())
      await put(store, 'a', 'one')
      relay.cut()
      const refused = isUnavailable
      await Promise.all([
        assert.rejects(store.get('a'), refused),
        assert.rejects(store.list({ prefix: '', limit: 1 }), refused),
        assert.rejects(store.set('a', bytes('two'), { condition: always }), refused),
        assert.rejects(store.delete('a', always), refused),
      ])
      relay.restore()
      assert.equal(text((await store.get('a')).entry), 'one')
    })

    for (const condition of [always, absent]) {
      test(`fault: a write (${condition.kind}) whose response is lost has an unknown outcome: it is neither a conflict nor done twice`, async t => {
        const { store, prefix, relays } = await openThroughRelays(t, etcd(), 2)
        for (const relay of relays) relay.swallow('/v3/kv/txn')
        await assert.rejects(store.set('a', bytes('one'), { condition }), OutcomeUnknown)
        const key = Buffer.from(`${prefix}a`).toString('base64')
        const { kvs } = (await etcd().post('kv/range', { key })) as { kvs: object[] }
        assert.partialDeepStrictEqual(kvs, [{ value: Buffer.from('one').toString('base64'), version: '1' }])
      })
    }

    test('fault: a deletion whose response is lost has an unknown outcome', async t => {
      const { store, direct, relay } = await openThroughRelays(t, etcd())
      await put(direct, 'a', 'one')
      relay.swallow('/v3/kv/txn')
      await assert.rejects(store.delete('a', always), OutcomeUnknown)
      assert.equal((await direct.get('a')).entry, undefined)
    })

    test('closing ends all waits for etcd, and is idempotent', async t => {
      const { store, direct, relay } = await openThroughRelays(t, etcd())
      const first = await put(store, 'a', 'one')
      const woken = wake(store, { key: 'a' }, first.revision)
      const { revision } = await put(direct, 'a', 'two')
      await woken // so the watch is open, and has received the revision
      const controller = new AbortController()
      const wait = store.waitForChange({ key: 'a' }, revision, controller.signal)
      relay.swallow()
      const read = assert.rejects(store.get('a'), isUnavailable)
      await Promise.all([store.close(), store.close()])
      await read
      controller.abort()
      await wait
    })
  })
})
