import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { asOrdinaryUser } from '@darkroom/testing'
import { InUse, lockFile, lockFolder, UnusableFile } from '../src/index.ts'

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('only one process at a time can lock a folder, and the lock is free when that process ends', t => {
  const folder = temporaryFolder(t)
  const lock = lockFolder(folder)
  assert.throws(() => lockFolder(folder), InUse)
  lock[Symbol.dispose]()
  lockFolder(folder)[Symbol.dispose]()
})

test('only one process at a time can lock a file, independently of locks on its folder or a file beside it', t => {
  const folder = temporaryFolder(t)
  using _folder = lockFolder(folder)
  using _neighbour = lockFile(join(folder, 'b.sqlite'))
  const path = join(folder, 'a.sqlite')
  const lock = lockFile(path)
  assert.throws(() => lockFile(path), new InUse(`another process uses ${path}`))
  lock[Symbol.dispose]()
  lock[Symbol.dispose]()
  lockFile(path)[Symbol.dispose]()
})

test('a file that cannot be locked for another reason is not reported as in use', t => {
  const path = join(temporaryFolder(t), 'a.sqlite')
  writeFileSync(`${path}.lock`, 'not a database '.repeat(100))
  assert.throws(
    () => lockFile(path),
    error => error instanceof UnusableFile && /a\.sqlite\.lock: .*not a database/.test(error.message),
  )
})

test('a lock that this user cannot write is refused, and the error explains what to do', t => {
  const folder = temporaryFolder(t)
  chmodSync(folder, 0o777)
  const path = join(folder, 'lock.sqlite')
  for (const mode of [0o444, 0o000]) {
    writeFileSync(path, '')
    chmodSync(path, mode)
    asOrdinaryUser(() =>
      assert.throws(
        () => lockFolder(folder),
        error =>
          error instanceof UnusableFile &&
          /lock\.sqlite: .*; make the file and its folder writable for this user$/.test(error.message),
      ),
    )
    rmSync(path)
  }
})

test('a lock on a file holds for all links to it', t => {
  const folder = temporaryFolder(t)
  const [path, link] = [join(folder, 'a.sqlite'), join(folder, 'link.sqlite')]
  writeFileSync(path, '')
  symlinkSync(path, link)
  using _lock = lockFile(path)
  assert.throws(() => lockFile(link), InUse)
})
