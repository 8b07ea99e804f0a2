import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { type Entry, keyOf, raiseCount } from '@darkroom/crdt'
import type { StateStore } from '../src/engine/engine.ts'
import { registerEntry } from './register-entry.ts'

export type OpenEngine = (t: TestContext) => StateStore

const countEntry = (name: string, node: string, total: number): Entry => ({
  kind: 'count',
  name,
  node,
  ...raiseCount(undefined, total, 1_767_225_600_000),
})

/** Tests what src/engine/engine.ts promises, for any engine. `openEngine` returns an empty store. */
export function engineConformance(name: string, openEngine: OpenEngine): void {
  suite(`${name} as a store of entries`, () => {
    test(`${name} as a store of entries keeps what was saved, the latest of each key`, async t => {
      const store = openEngine(t)
      assert.deepEqual(await store.load(), [])
      await store.save([registerEntry('a', 1), countEntry('a', 'node-1', 1), countEntry('a', 'node-2', 1)])
      const latest = [registerEntry('a', 2), countEntry('a', 'node-2', 9)]
      await store.save(latest)
      assert.deepEqual(byKey(await store.load()), byKey([...latest, countEntry('a', 'node-1', 1)]))
    })

    test(`${name} as a store of entries keeps tombstones, and values of every kind`, async t => {
      const store = openEngine(t)
      const { value: _, ...tombstone } = { ...registerEntry('gone', 1), value: undefined }
      const values = [null, false, 0, '', { a: [{}] }, 'ü\u0000\ud800'].map(
        (value, index) => ({ ...registerEntry(`name-${index}`, 0), value }) as Entry,
      )
      await store.save([tombstone, ...values])
      assert.deepEqual(byKey(await store.load()), byKey([tombstone, ...values]))
    })

    test(`${name} as a store of entries has a unique node id`, t => {
      const [one, other] = [openEngine(t), openEngine(t)]
      assert.match(one.nodeId, /^[A-Za-z0-9._:-]{1,64}$/)
      assert.notEqual(one.nodeId, other.nodeId)
    })

    test(`${name} as a store of entries finishes saves in progress before it closes`, async t => {
      const store = openEngine(t)
      const saved = store.save([registerEntry('a', 1)])
      await store.close()
      await saved
      await store.close()
    })
  })
}

function byKey(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
}
