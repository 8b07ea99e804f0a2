// In its own process: the engine imports the functions of node:fs once, so they are replaced before it is imported.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '@darkroom/testing'

let syncs = 0
const { fdatasync } = fs
fs.fdatasync = Object.assign((descriptor: number, callback: fs.NoParamCallback) => {
  syncs += 1
  fdatasync(descriptor, callback)
}, fdatasync)
syncBuiltinESMExports()

const { SqliteKvStore } = await import('../../src/engine/sqlite.ts')

test('a write that only renews a lease does not wait for the disk; all other writes do', async t => {
  const store = new SqliteKvStore({ path: join(temporaryFolder(t), 'kv.sqlite') })
  t.after(() => store.close())
  const syncsOf = async (value: string, ttlSeconds?: number) => {
    const before = syncs
    const outcome = await store.set('a', Buffer.from(value), { condition: { kind: 'always' }, ttlSeconds })
    assert.equal(outcome.kind, 'written')
    return syncs - before
  }
  assert.equal(await syncsOf('one', 60), 1, 'new')
  assert.equal(await syncsOf('one', 60), 0, 'renewed')
  assert.equal(await syncsOf('two', 60), 1, 'another value')
  assert.equal(await syncsOf('two', 30), 1, 'a shorter lease')
  assert.equal(await syncsOf('two', 30), 0, 'the shorter lease is renewed')
  assert.equal(await syncsOf('two'), 1, 'no lease')
  assert.equal(await syncsOf('two'), 1, 'the same value without a lease')
})
