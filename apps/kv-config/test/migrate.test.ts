import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { startScript, temporaryFolder, until, withEngine } from '@darkroom/testing'
import type { KvStore } from '../src/engine/engine.ts'
import { migrateKv, openKvStore } from '../src/migrate.ts'
import { put, text } from './conformance/open-engine.ts'
import { newPrefix, shareEtcd } from './engine/etcd/shared-etcd.ts'

const logger = createLogger('kv-config', 'silent')

withEngine('etcd', program => {
  const etcd = shareEtcd(program)

  /** An empty store in SQLite and an empty store in etcd, and their URLs. */
  function prepare(t: TestContext) {
    const urls = {
      from: `sqlite:${join(temporaryFolder(t), 'kv.sqlite')}`,
      to: `etcd://${etcd().clients}?prefix=${newPrefix()}`,
    }
    const open = (kvStoreUrl: string) => {
      const store = openKvStore({ url: kvStoreUrl, logger })
      t.after(() => store.close())
      return store
    }
    return { urls, open, from: open(urls.from), to: open(urls.to) }
  }

  test('entries are copied with their bytes and the end of their lease, and registrations are left out', async t => {
    const { from, to } = prepare(t)
    await put(from, 'config/a', 'one')
    await put(from, 'config/🔑', '')
    await put(from, 'services/a', 'registration', 3600)
    await put(from, 'uploads/_/1', 'unfinished', 3600)
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    await from.set('bytes', bytes, { condition: { kind: 'always' } })
    const keys: string[] = []
    const counts = await migrateKv({ from, to, onProgress: (_, key) => keys.push(key) })
    assert.deepEqual(counts, { copied: 4, present: 0, differing: 0, registrations: 1, others: [] })
    assert.deepEqual(keys, ['bytes', 'config/a', 'config/🔑', 'services/a', 'uploads/_/1'])
    assert.equal(text((await to.get('config/a')).entry), 'one')
    assert.equal(text((await to.get('config/🔑')).entry), '')
    assert.deepEqual(Buffer.from((await to.get('bytes')).entry?.value ?? []), Buffer.from(bytes))
    assert.equal((await to.get('services/a')).entry, undefined)
    const { entries } = await to.list({ prefix: 'uploads/', limit: 10, includesExpiry: true })
    assert.deepEqual(entries.map(text), ['unfinished'])
    const leftMs = (entries[0]?.expiresAt?.getTime() ?? 0) - Date.now()
    assert.ok(leftMs > 3_500_000 && leftMs < 3_700_000, `it expires in ${leftMs} ms`)
  })

  test('a second run copies new entries, and overwrites nothing', async t => {
    const { from, to } = prepare(t)
    await put(from, 'a', 'one')
    await put(from, 'b', 'one')
    await migrateKv({ from, to })
    await put(to, 'b', 'changed since')
    await put(from, 'c', 'new')
    const counts = await migrateKv({ from, to })
    assert.deepEqual(counts, { copied: 1, present: 1, differing: 1, registrations: 0, others: [] })
    assert.equal(text((await to.get('b')).entry), 'changed since')
    assert.equal(text((await to.get('c')).entry), 'new')
  })

  test('entries that were deleted in the source since an earlier run are reported', async t => {
    const { from, to } = prepare(t)
    for (const key of ['keys/revoked', 'keys/valid', 'services/a']) await put(from, key, 'one')
    await migrateKv({ from, to })
    await put(to, 'services/b', 'registered since')
    await from.delete('keys/revoked', { kind: 'always' })
    assert.deepEqual((await migrateKv({ from, to })).others, ['keys/revoked'])
  })

  test('more than a page of entries is copied, and an aborted run can be continued', async t => {
    const { from, to } = prepare(t)
    const keys = await fill(from, 250)
    const controller = new AbortController()
    const aborted = migrateKv({
      from,
      to,
      signal: controller.signal,
      onProgress: ({ copied }) => copied === 120 && controller.abort(new Error('enough')),
    })
    await assert.rejects(aborted, /enough/)
    assert.deepEqual(await migrateKv({ from, to }), {
      copied: 130,
      present: 120,
      differing: 0,
      registrations: 0,
      others: [],
    })
    await assertAll(to, keys)
  })

  test('fault: the next run continues a migration that was killed with -9', async t => {
    const { urls, open, from, to } = prepare(t)
    const keys = await fill(from, 600)
    await from.close()
    const script = new URL('migrate-until-killed.ts', import.meta.url)
    const migration = startScript(t, script, urls.from, urls.to)
    await until('it has copied some entries', () => migration.lines.length >= 50)
    await migration.kill()
    const { copied, present } = await migrateKv({ from: open(urls.from), to })
    assert.ok(copied > 0, 'the migration was already complete')
    assert.ok(present >= migration.lines.length)
    assert.equal(copied + present, keys.length)
    await assertAll(to, keys)
  })
})

async function fill(store: KvStore, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, n) => `config/${n}`)
  await Promise.all(keys.map(key => put(store, key, `value of ${key}`)))
  return keys
}

async function assertAll(store: KvStore, keys: string[]): Promise<void> {
  const { entries } = await store.list({ prefix: '', limit: 1000 })
  assert.deepEqual(
    new Map(entries.map(entry => [entry.key, text(entry)])),
    new Map(keys.map(key => [key, `value of ${key}`])),
  )
}
