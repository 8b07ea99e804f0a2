import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { KvStore, Scope } from '../../src/engine/engine.ts'
import {
  absent,
  atRevision,
  bytes,
  type Conformance,
  type OpenEngine,
  present,
  put,
  refused,
  text,
  wakeWhenGone,
  written,
} from './open-engine.ts'

/** Engines may round a lease up to whole seconds, and may have a minimum. */
const shortTtl = 1
const longTtl = 3600

export function leasesEnd(openEngine: OpenEngine, { revisionsAreChanges }: Conformance): void {
  suite('leases', { concurrency: true }, () => {
    for (const [what, scope] of [
      ['key', { key: 'services/a' }],
      ['prefix', { prefix: 'services/' }],
    ] satisfies [string, Scope][]) {
      test(`the end of a lease deletes its entry and wakes requests that wait for its ${what}`, async t => {
        const store = await openEngine(t)
        await put(store, 'services/b', 'stays')
        const { revision } = await put(store, 'services/a', 'leased', shortTtl)
        assert.equal((await store.get('services/a')).entry?.isLeased, true)
        assert.ok((await wakeWhenGone(store, 'services/a', scope)) >= revision)
        const { entries } = await store.list({ prefix: 'services/', limit: 10 })
        assert.deepEqual(entries.map(text), ['stays'])
      })
    }

    test('an entry whose lease ended counts as absent', async t => {
      const store = await openEngine(t)
      const { revision } = await put(store, 'a', 'leased', shortTtl)
      await wakeWhenGone(store, 'a')
      assert.equal(refused(await store.set('a', bytes('new'), { condition: present })), undefined)
      const again = written(await store.set('a', bytes('leased'), { condition: absent }))
      assert.equal(again.isNew, true)
      assert.ok(again.revision > revision)
    })

    test('setting the same value renews the lease, keeps the revision, and wakes no waiting request', async t => {
      const store = await openEngine(t)
      const first = await put(store, 'a', 'same', longTtl)
      const before = await expiryOf(store, 'a')
      const controller = new AbortController()
      t.after(() => controller.abort())
      let wakes = 0
      const waits = [{ key: 'a' }, { prefix: '' }].map(scope =>
        store.waitForChange(scope, first.revision, controller.signal).then(() => {
          wakes += 1
        }),
      )
      for (let renewals = 0; renewals < 5; renewals += 1) {
        const renewed = await put(store, 'a', 'same', 2 * longTtl)
        assert.deepEqual([renewed.revision, renewed.isNew], [first.revision, false])
      }
      const { revision, entry } = await store.get('a')
      assert.equal(entry?.revision, first.revision)
      if (revisionsAreChanges) assert.equal(revision, first.revision)
      assert.ok((await expiryOf(store, 'a')) > before + 1_000_000)
      assert.equal(wakes, 0)
      await put(store, 'a', 'other')
      await Promise.all(waits)
    })

    test('a renewed entry can be changed with the revision that it kept', async t => {
      const store = await openEngine(t)
      const { revision } = await put(store, 'a', 'same', longTtl)
      await put(store, 'a', 'same', 2 * longTtl)
      await put(store, 'a', 'same')
      const changed = written(await store.set('a', bytes('other'), { condition: atRevision(revision) }))
      assert.ok(changed.revision > revision)
      await put(store, 'b', 'same', longTtl)
      const kept = await put(store, 'b', 'same', 2 * longTtl)
      written(await store.delete('b', atRevision(kept.revision)))
      assert.equal((await store.get('b')).entry, undefined)
    })

    test('a value set without a lease stays, although the entry had a lease', async t => {
      const store = await openEngine(t)
      await put(store, 'a', 'same', longTtl)
      await put(store, 'a', 'same')
      assert.equal((await store.get('a')).entry?.isLeased, false)
      await put(store, 'b', 'one', longTtl)
      await put(store, 'b', 'two')
      assert.equal((await store.get('b')).entry?.isLeased, false)
    })

    test('a listing has the ends of leases if requested, and always shows which entries have one', async t => {
      const store = await openEngine(t)
      const before = Date.now()
      await put(store, 'leased', 'one', longTtl)
      await put(store, 'unleased', 'one')
      const query = { prefix: '', limit: 10 }
      const { entries } = await store.list({ ...query, includesExpiry: true })
      const [leased, unleased] = entries
      assert.ok(leased?.expiresAt)
      const leftMs = leased.expiresAt.getTime() - before
      assert.ok(leftMs > (longTtl - 2) * 1000 && leftMs < (longTtl + 60) * 1000, `${leftMs} ms are left`)
      assert.equal(unleased?.expiresAt, undefined)
      for (const page of [entries, (await store.list(query)).entries])
        assert.deepEqual(
          page.map(({ isLeased }) => isLeased),
          [true, false],
        )
    })

    test('a renewed entry still exists after its first lease would have ended', async t => {
      const store = await openEngine(t)
      await put(store, 'renewed', 'same', shortTtl)
      await put(store, 'renewed', 'same', longTtl)
      await put(store, 'witness', 'same', shortTtl) // ends after the first lease of the renewed entry
      await wakeWhenGone(store, 'witness')
      assert.equal(text((await store.get('renewed')).entry), 'same')
    })
  })
}

async function expiryOf(store: KvStore, key: string): Promise<number> {
  const { entries } = await store.list({ prefix: key, limit: 1, includesExpiry: true })
  return entries[0]?.expiresAt?.getTime() ?? assert.fail(`${key} has no lease`)
}
