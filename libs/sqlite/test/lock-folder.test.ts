import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FolderInUse, lockFolder } from '../src/index.ts'

test('a folder is held by one at a time, and free again when that has ended', t => {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const lock = lockFolder(folder)
  assert.throws(() => lockFolder(folder), FolderInUse)
  lock[Symbol.dispose]()
  lockFolder(folder)[Symbol.dispose]()
})
