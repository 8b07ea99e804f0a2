import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Clock, StoreFull, StoreUnavailable } from '@darkroom/service-kit'
import {
  breakDisk,
  inMountNamespace,
  mountsAreMissing,
  startProgram,
  startScript,
  temporaryFolder,
  until,
} from '@darkroom/testing'
import { SqliteKvStore } from '../../src/engine/sqlite.ts'
import { put, remove, text, wake } from '../conformance/open-engine.ts'
import { engineConformance } from '../engine.conformance.ts'
import { ManualClock } from './manual-clock.ts'

function open(t: TestContext, path = join(temporaryFolder(t), 'kv.sqlite'), clock?: Clock) {
  const store = new SqliteKvStore({ path, ...(clock && { clock }) })
  t.after(() => store.close())
  return { store, path }
}

engineConformance('SQLite', async t => open(t).store, { revisionsAreChanges: true })

test('written values and revisions survive reopening the store', async t => {
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

test('closing waits until a write in progress is on disk, and may be repeated', async t => {
  const { store, path } = open(t)
  const write = put(store, 'a', 'one')
  await Promise.all([store.close(), store.close()])
  await write
  await store.close()
  assert.equal(text((await open(t, path).store.get('a')).entry), 'one')
})

test('leases start again when the store is opened, as they could not be renewed while it was down', async t => {
  const { store, path } = open(t)
  await put(store, 'a', 'leased', 60)
  await store.close()
  for (const byMs of [3_600_000, -7_200_000]) {
    const clock = new ManualClock()
    clock.set(byMs)
    const { store: again } = open(t, path, clock)
    const { entry } = await again.get('a')
    assert.equal(text(entry), 'leased')
    assert.equal(entry?.expiresAt?.getTime(), clock.now() + 60_000)
    await again.close()
  }
})

test('a wait for a revision of the previous process is answered at once', async t => {
  const { store, path } = open(t)
  const { revision } = await put(store, 'a', 'one')
  await put(store, 'a', 'two')
  await store.close()
  await wake(open(t, path).store, { key: 'a' }, revision)
})

test('an entry whose lease has expired is hidden even before it is removed', async t => {
  const clock = new ManualClock()
  const { store } = open(t, undefined, clock)
  await put(store, 'a', 'leased', 60)
  clock.advance(60_001)
  assert.equal((await store.get('a')).entry, undefined)
  assert.deepEqual((await store.list({ prefix: '', limit: 10 })).entries, [])
  assert.equal((await put(store, 'a', 'leased')).isNew, true)
})

for (const byMs of [-3_600_000, 3_600_000]) {
  test(`fault: the clock is set by ${byMs / 60_000} minutes: leases end on time, reported in the new time of day`, async t => {
    const clock = new ManualClock()
    const { store } = open(t, undefined, clock)
    await put(store, 'a', 'leased', 60)
    clock.set(byMs)
    assert.equal((await store.get('a')).entry?.expiresAt?.getTime(), clock.now() + 60_000)
    clock.advance(59_999)
    assert.equal(text((await store.get('a')).entry), 'leased')
    clock.advance(2)
    assert.equal((await store.get('a')).entry, undefined)
  })
}

test('fault: the disk is full: leases are renewed, and wake their watchers when they end', {
  skip: mountsAreMissing(),
}, async t => {
  const folder = temporaryFolder(t)
  const script = fileURLToPath(new URL('lease-on-full-disk.ts', import.meta.url))
  const command = [process.execPath, script, join(folder, 'kv.sqlite')]
  const program = startProgram(t, inMountNamespace(`mount -t tmpfs -o size=24m tmpfs ${folder}`, command))
  const { code } = await program.ended
  assert.equal(code, 0, program.stderr)
  assert.deepEqual(JSON.parse(program.stdout), [['renewed'], ['renewed'], []])
})

test('fault: the disk fails: no lease ends, as leases cannot be renewed then', async t => {
  const clock = new ManualClock()
  const { store } = open(t, undefined, clock)
  await put(store, 'ended', 'leased', 10)
  await put(store, 'a', 'leased', 60)
  clock.advance(20_000)
  breakDisk(t)
  await assert.rejects(put(store, 'b', 'new'), StoreFull)
  await assert.rejects(put(store, 'a', 'leased', 60), StoreUnavailable)
  clock.advance(3_600_000)
  assert.equal(text((await store.get('a')).entry), 'leased')
  assert.deepEqual(
    (await store.list({ prefix: '', limit: 10 })).entries.map(({ key }) => key),
    ['a'],
  )
})

test('fault: entries that could not be removed when their lease ended are removed later', async t => {
  const { store, path } = open(t)
  const other = new DatabaseSync(path)
  t.after(() => other.close())
  const { revision } = await put(store, 'a', 'leased', 0.2)
  const { entry } = await store.get('a')
  other.exec('ALTER TABLE entries RENAME TO away')
  await until('the lease ended 100 ms ago', () => Date.now() > Number(entry?.expiresAt) + 100)
  other.exec('ALTER TABLE away RENAME TO entries')
  await wake(store, { key: 'a' }, revision)
  assert.equal((await store.get('a')).entry, undefined)
  assert.equal(other.prepare('SELECT count(*) AS entries FROM entries').get()?.entries, 0)
})

test('fault: every answered write survives kill -9', async t => {
  const path = join(temporaryFolder(t), 'kv.sqlite')
  const writer = startScript(t, new URL('write-until-killed.ts', import.meta.url), path)
  await until('it has written 2000 values', () => writer.lines.length >= 2000)
  await writer.kill()
  const { store } = open(t, path)
  for (const key of writer.lines) assert.equal(text((await store.get(key)).entry), key)
  const { revision } = await store.get('any')
  assert.ok(revision >= writer.lines.length)
})
