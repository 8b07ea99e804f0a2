import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { FileInUse, FolderInUse, lockFile, lockFolder, UnusableFile } from '../src/index.ts'

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('a folder is held by one at a time, and free again when that has ended', t => {
  const folder = temporaryFolder(t)
  const lock = lockFolder(folder)
  assert.throws(() => lockFolder(folder), FolderInUse)
  lock[Symbol.dispose]()
  lockFolder(folder)[Symbol.dispose]()
})

test('a file is held by one at a time, whoever holds its folder or the file beside it', t => {
  const folder = temporaryFolder(t)
  using _folder = lockFolder(folder)
  using _neighbour = lockFile(join(folder, 'b.sqlite'))
  const path = join(folder, 'a.sqlite')
  const lock = lockFile(path)
  assert.throws(() => lockFile(path), new FileInUse(`another process uses ${path}`))
  lock[Symbol.dispose]()
  lock[Symbol.dispose]()
  lockFile(path)[Symbol.dispose]()
})

test('a file is not said to be in use when something else keeps it from being locked', t => {
  const path = join(temporaryFolder(t), 'a.sqlite')
  writeFileSync(`${path}.lock`, 'not a database '.repeat(100))
  assert.throws(
    () => lockFile(path),
    error => error instanceof UnusableFile && /a\.sqlite\.lock: .*not a database/.test(error.message),
  )
})

test('a file is held by whatever link it is reached', t => {
  const folder = temporaryFolder(t)
  const [path, link] = [join(folder, 'a.sqlite'), join(folder, 'link.sqlite')]
  writeFileSync(path, '')
  symlinkSync(path, link)
  using _lock = lockFile(path)
  assert.throws(() => lockFile(link), FileInUse)
})
