import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { startScript, temporaryFolder, until } from '@darkroom/testing'
import { SqliteKvStore } from '../../src/engine/sqlite.ts'
import { put, remove, text, wake } from '../conformance/open-engine.ts'
import { engineConformance } from '../engine.conformance.ts'

function open(t: TestContext, path = join(temporaryFolder(t), 'kv.sqlite')) {
  const store = new SqliteKvStore({ path })
  t.after(() => store.close())
  return { store, path }
}

engineConformance('SQLite', async t => open(t).store, { revisionsAreChanges: true })

test('what was written stands when the store is opened again, and revisions go on', async t => {
  const { store, path } = open(t)
  await put(store, 'a', 'one')
  await put(store, 'b', 'two')
  const { revision } = await remove(store, 'a')
  await store.close()
  const { store: again } = open(t, path)
  assert.equal((await again.get('a')).entry, undefined)
  assert.equal(text((await again.get('b')).entry), 'two')
  assert.equal((await again.get('b')).revision, revision)
  assert.ok((await put(again, 'c', 'three')).revision > revision)
})

test('a write under way is on disk when closing has ended, and closing twice is closing once', async t => {
  const { store, path } = open(t)
  const write = put(store, 'a', 'one')
  await Promise.all([store.close(), store.close()])
  await write
  await store.close()
  assert.equal(text((await open(t, path).store.get('a')).entry), 'one')
})

test('leases begin anew when the store is opened: while it was down nobody could renew', async t => {
  const { store, path } = open(t)
  await put(store, 'a', 'leased', 60)
  await store.close()
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 })
  const { store: again } = open(t, path)
  const { entry } = await again.get('a')
  assert.equal(text(entry), 'leased')
  assert.equal(entry?.expiresAt?.getTime(), Date.now() + 60_000)
})

test('a wait that began before the store was closed is answered at once by the next', async t => {
  const { store, path } = open(t)
  const { revision } = await put(store, 'a', 'one')
  await put(store, 'a', 'two')
  await store.close()
  await wake(open(t, path).store, { key: 'a' }, revision)
})

test('an entry whose lease ran out is hidden even before it is removed', async t => {
  const { store } = open(t)
  await put(store, 'a', 'leased', 60)
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_001 })
  assert.equal((await store.get('a')).entry, undefined)
  assert.deepEqual((await store.list({ prefix: '', limit: 10 })).entries, [])
  assert.equal((await put(store, 'a', 'leased')).isNew, true)
})

test('fault: entries that could not be removed when their lease ended are removed later', async t => {
  const { store, path } = open(t)
  const other = new DatabaseSync(path)
  t.after(() => other.close())
  const { revision } = await put(store, 'a', 'leased', 0.2)
  other.exec('ALTER TABLE entries RENAME TO away')
  const ended = other.prepare('SELECT 1 FROM away WHERE expires_at <= ?')
  await until('the lease ended a while ago', () => ended.get(Date.now() - 100))
  other.exec('ALTER TABLE away RENAME TO entries')
  await wake(store, { key: 'a' }, revision)
  assert.equal((await store.get('a')).entry, undefined)
  assert.equal(other.prepare('SELECT count(*) AS entries FROM entries').get()?.entries, 0)
})

test('fault: every answered write survives kill -9', async t => {
  const path = join(temporaryFolder(t), 'kv.sqlite')
  const writer = startScript(t, new URL('write-until-killed.ts', import.meta.url), path)
  await until('it has written a while', () => writer.lines.length >= 2000)
  await writer.kill()
  const { store } = open(t, path)
  for (const key of writer.lines) assert.equal(text((await store.get(key)).entry), key)
  const { revision } = await store.get('any')
  assert.ok(revision >= writer.lines.length)
})
