import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '@darkroom/testing'
import { SqliteTaskStore } from '../../src/engine/sqlite/sqlite.ts'
import { earlier, goesOnAsBefore } from '../conformance/earlier-versions.ts'

test('a SQLite file of a version before owners is migrated: its tasks have no owner, and their keys still hold', async t => {
  const path = join(temporaryFolder(t), 'tasks.sqlite')
  copyFileSync(earlier('tasks-2.sqlite'), path)
  const store = new SqliteTaskStore({ path })
  await goesOnAsBefore(store)
  await store.close()
  const again = new SqliteTaskStore({ path })
  t.after(() => again.close())
  assert.equal((await again.list({ limit: 10 })).tasks.length, 6)
})
