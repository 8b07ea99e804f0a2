import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { GroupCommit, openDatabase } from '../src/index.ts'

export const migrations = ['CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT']

/** A database of numbers, in a folder that is removed after the test. */
export function openTemporary(
  t: TestContext,
  observe = (_database: DatabaseSync) => {},
  options?: ConstructorParameters<typeof GroupCommit>[1],
) {
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
  const path = join(folder, 'test.db')
  const database = openDatabase(path, migrations)
  observe(database)
  const writes = new GroupCommit(database, options)
  t.after(async () => {
    await writes.close()
    rmSync(folder, { recursive: true })
  })
  return { database, path, writes }
}

export function insert(database: DatabaseSync, n: number) {
  return () => database.prepare('INSERT INTO numbers VALUES (?) RETURNING n').get(n)?.n
}

export function numbers(database: DatabaseSync) {
  return database
    .prepare('SELECT n FROM numbers ORDER BY n')
    .all()
    .map(row => row.n)
}
