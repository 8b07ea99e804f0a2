import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeFolder } from '../src/index.ts'

test('a folder is created with its parents, and the first new folder is returned', t => {
  const folder = mkdtempSync(join(tmpdir(), 'folders-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'a/b/c')
  assert.equal(makeFolder(path), join(folder, 'a'))
  assert.ok(statSync(path).isDirectory())
  assert.equal(makeFolder(path), undefined)
})

test('a folder that the system does not create is an error at once', t => {
  const folder = mkdtempSync(join(tmpdir(), 'folders-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'file')
  writeFileSync(file, '')
  for (const path of [file, join(file, 'below')])
    assert.throws(() => makeFolder(path), { code: 'EEXIST', path: file, message: `${file} is a file` })
  const link = join(folder, 'link')
  symlinkSync('unmounted', link)
  assert.throws(() => makeFolder(join(link, 'below')), {
    code: 'EEXIST',
    message: `${link} is a link to unmounted, which does not exist`,
  })
  assert.throws(() => makeFolder('/proc/no-such-process/x'), { syscall: 'mkdir' })
})
