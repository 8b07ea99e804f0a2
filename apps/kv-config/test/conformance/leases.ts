import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Scope } from '../../src/engine/engine.ts'
import type { Conformance } from '../engine.conformance.ts'
import {
  absent,
  atRevision,
  bytes,
  type OpenEngine,
  present,
  put,
  refused,
  text,
  wakeWhenGone,
  written,
} from './open-engine.ts'

/** Engines may round a lease up to whole seconds, and have a shortest one. */
const shortTtl = 1
const longTtl = 3600

export function leasesEnd(openEngine: OpenEngine, { revisionsAreChanges }: Conformance): void {
  describe('leases', { concurrency: true }, () => {
    for (const [what, scope] of [
      ['key', { key: 'services/a' }],
      ['prefix', { prefix: 'services/' }],
    ] satisfies [string, Scope][]) {
      test(`the end of a lease ends its entry and wakes who waits for its ${what}`, async t => {
        const store = await openEngine(t)
        await put(store, 'services/b', 'stays')
        const { revision } = await put(store, 'services/a', 'leased', shortTtl)
        assert.ok((await store.get('services/a')).entry?.expiresAt)
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

    test('the same value again renews the lease, keeps the revision, and wakes nobody', async t => {
      const store = await openEngine(t)
      const first = await put(store, 'a', 'same', longTtl)
      const before = (await store.get('a')).entry?.expiresAt
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
      assert.ok(before && entry?.expiresAt && entry.expiresAt.getTime() > before.getTime() + 1_000_000)
      assert.equal(wakes, 0)
      await put(store, 'a', 'other')
      await Promise.all(waits)
    })

    test('a renewed entry can be changed on condition of the revision that it kept', async t => {
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

    test('a value set without a lease stands for good, though it had one', async t => {
      const store = await openEngine(t)
      await put(store, 'a', 'same', longTtl)
      await put(store, 'a', 'same')
      assert.equal((await store.get('a')).entry?.expiresAt, undefined)
      await put(store, 'b', 'one', longTtl)
      await put(store, 'b', 'two')
      assert.equal((await store.get('b')).entry?.expiresAt, undefined)
    })

    test('a renewed entry outlives the lease it had first', async t => {
      const store = await openEngine(t)
      await put(store, 'renewed', 'same', shortTtl)
      await put(store, 'renewed', 'same', longTtl)
      await put(store, 'witness', 'same', shortTtl) // its lease ends after the one that was renewed
      await wakeWhenGone(store, 'witness')
      assert.equal(text((await store.get('renewed')).entry), 'same')
    })
  })
}
