import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
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
  const message = `${path}: file is not a database; name another file, or restore it from a backup`
  assert.throws(() => openDatabase(path, migrations), new UnusableFile(message))
})

test('a damaged database is refused, and the error advises to restore it', t => {
  const path = temporaryPath(t)
  openDatabase(path, migrations).close()
  truncateSync(path, 3000)
  assert.throws(
    () => openDatabase(path, [...migrations, 'SELECT 1']),
    new UnusableFile(`${path}: database disk image is malformed; restore it from a backup`),
  )
})

test('an error of too many open files names the limit', t => {
  const path = temporaryPath(t)
  const script = `
    const { openDatabase } = await import(process.argv[2])
    const { openSync } = await import('node:fs')
    try { for (;;) openSync('/dev/null') } catch {}
    try { openDatabase(process.argv[1], []) } catch (error) { console.log(error.message) }
  `
  const run = ['ulimit -n 100; exec "$@"', 'sh', process.execPath, '--input-type=module', '--eval', script]
  const given = [path, import.meta.resolve('../src/index.ts')]
  const { stdout, stderr } = spawnSync('sh', ['-c', ...run, ...given], { encoding: 'utf8' })
  const message = 'unable to open database file; too many files are open: raise the limit (ulimit -n)'
  assert.equal(stdout.trim(), `${path}: ${message}`, stderr)
})

test('a folder is refused, and the error calls it a folder', t => {
  const path = temporaryPath(t)
  mkdirSync(path)
  assert.throws(
    () => openDatabase(path, migrations),
    new UnusableFile(`${path} is a folder; name a file in it`),
  )
})

test('a file of another service is refused, and stays as it is', t => {
  const path = temporaryPath(t)
  openDatabase(path, ['CREATE TABLE letters (letter TEXT) STRICT']).close()
  const message = `${path}: this file belongs to another service or program (no such table: numbers); name another file`
  const newer = [...migrations, 'ALTER TABLE numbers ADD COLUMN name TEXT']
  assert.throws(() => openDatabase(path, newer), new UnusableFile(message))
  openDatabase(path, ['CREATE TABLE letters (letter TEXT) STRICT']).close()
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
