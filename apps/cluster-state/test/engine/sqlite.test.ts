import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, type TestContext, test } from 'node:test'
import { startScript, temporaryFolder, until } from '@darkroom/testing'
import { SqliteStateStore } from '../../src/engine/sqlite.ts'
import { engineConformance } from '../engine.conformance.ts'
import { registerEntry } from '../register-entry.ts'

engineConformance('SQLite', t => open(t, join(temporaryFolder(t), 'state.sqlite')))

function open(t: TestContext, path: string): SqliteStateStore {
  const store = new SqliteStateStore({ path })
  t.after(() => store.close())
  return store
}

suite('the SQLite store of entries', () => {
  test('the SQLite store of entries has the same node id and the same entries when it is opened again', async t => {
    const path = join(temporaryFolder(t), 'state.sqlite')
    const first = open(t, path)
    await first.save([registerEntry('a', 1)])
    await first.close()
    const again = open(t, path)
    assert.equal(again.nodeId, first.nodeId)
    assert.deepEqual(await again.load(), [registerEntry('a', 1)])
  })

  test('the SQLite store of entries cannot be opened by two processes: both would count under one id', async t => {
    const path = join(temporaryFolder(t), 'state.sqlite')
    const holder = startScript(t, new URL('hold-store.ts', import.meta.url), path)
    await until('it is held', () => holder.lines.length > 0)
    assert.throws(() => new SqliteStateStore({ path }), /another process/)
    await holder.kill()
    assert.equal(open(t, path).nodeId, holder.lines[0])
  })

  test('the SQLite store of entries saves all or nothing', async t => {
    const path = join(temporaryFolder(t), 'state.sqlite')
    const store = open(t, path)
    const broken = { ...registerEntry('b', 1), name: Symbol('no name') as unknown as string }
    await assert.rejects(store.save([registerEntry('a', 1), broken]))
    assert.deepEqual(await store.load(), [])
  })

  test('the SQLite store of entries is not opened if its schema is newer', t => {
    const path = join(temporaryFolder(t), 'state.sqlite')
    const database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 99')
    database.close()
    assert.throws(() => new SqliteStateStore({ path }), /version 99/)
  })
})
