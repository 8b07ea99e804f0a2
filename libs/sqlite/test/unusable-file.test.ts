import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openDatabase, UnusableFile } from '../src/index.ts'

const migrations = ['CREATE TABLE numbers (number INTEGER) STRICT']

function temporaryPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'unusable-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'numbers.sqlite')
}

test('a file that is not a database is refused, and the error names it', t => {
  const path = temporaryPath(t)
  writeFileSync(path, 'This is a letter, not a database. '.repeat(100))
  assert.throws(() => openDatabase(path, migrations), new UnusableFile(`${path}: file is not a database`))
})

test('a folder is refused, and the error calls it a folder', t => {
  const path = temporaryPath(t)
  mkdirSync(path)
  assert.throws(
    () => openDatabase(path, migrations),
    new UnusableFile(`${path} is a folder; name a file in it`),
  )
})

test('a file that a newer version wrote is refused', t => {
  const path = temporaryPath(t)
  openDatabase(path, [...migrations, 'ALTER TABLE numbers ADD COLUMN name TEXT']).close()
  const message = `${path} has version 2; this program supports versions up to 1: use a newer Darkroom`
  assert.throws(() => openDatabase(path, migrations), new UnusableFile(message))
})

test('a full disk is reported with what to do', t => {
  const path = temporaryPath(t)
  const full = ['PRAGMA max_page_count = 1', ...migrations]
  const message = `${path}: database or disk is full; free some space on its disk`
  assert.throws(() => openDatabase(path, full), new UnusableFile(message))
})

test('wrong SQL is not reported as an unusable file', t => {
  const isOurs = (error: unknown) => error instanceof Error && !(error instanceof UnusableFile)
  assert.throws(() => openDatabase(temporaryPath(t), ['CREATE TABEL numbers (number INTEGER)']), isOurs)
})
