// Fills the disk of the store at argv[2]. Then renews one lease of 60 s, lets another of 10 s end, and prints the keys after
// 20 s, after 79.999 s and after 80.001 s. A caller that waits for a change must be woken by the end of the second lease.
import assert from 'node:assert/strict'
import process from 'node:process'
import { StoreFull } from '@darkroom/service-kit'
import { SqliteKvStore } from '../../src/engine/sqlite.ts'
import { put, wake } from '../conformance/open-engine.ts'
import { ManualClock } from './manual-clock.ts'

const clock = new ManualClock()
const store = new SqliteKvStore({ path: String(process.argv[2]), clock })
await put(store, 'renewed', 'leased', 60)
const { revision } = await put(store, 'ended', 'leased', 10)
const value = 'x'.repeat(100_000)
await assert.rejects(fill(), StoreFull)

const keys: string[][] = []
for (const ms of [20_000, 59_999, 2]) {
  clock.advance(ms)
  const { entries } = await store.list({ prefix: '', limit: 2, cursor: 'disk/z' })
  keys.push(entries.map(({ key }) => key))
  if (keys.length === 1) await put(store, 'renewed', 'leased', 60)
}
await wake(store, { key: 'ended' }, revision)
await store.close()
process.stdout.write(JSON.stringify(keys))

async function fill(): Promise<void> {
  for (let n = 0; ; n++) await put(store, `disk/${n}`, value)
}
