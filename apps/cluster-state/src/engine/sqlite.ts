import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { type Entry, keyOf } from '@darkroom/crdt'
import { GroupCommit, type Migrations, openDatabase } from '@darkroom/sqlite'
import type { StateStore } from './engine.ts'

const migrations: Migrations = [
  `
  CREATE TABLE node (id TEXT NOT NULL) STRICT;
  CREATE TABLE entries (key TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
]

/** Entries as JSON, one a row. The file is held for this process: two nodes with one id would undo each other's counts. */
export class SqliteStateStore implements StateStore {
  readonly nodeId: string
  readonly #database: DatabaseSync
  readonly #writes: GroupCommit
  readonly #statements: ReturnType<typeof prepareStatements>

  /** @throws Error when another process has the file open */
  constructor({ path }: { path: string }) {
    this.#database = openDatabase(path, migrations)
    try {
      // From its first write on, the connection keeps its lock (https://sqlite.org/pragma.html#pragma_locking_mode).
      this.#database.exec('PRAGMA locking_mode = EXCLUSIVE')
      this.nodeId = this.#readOrMakeId()
    } catch (cause) {
      this.#database.close()
      throw cause
    }
    this.#writes = new GroupCommit(this.#database)
    this.#statements = prepareStatements(this.#database)
  }

  async load(): Promise<Entry[]> {
    return this.#statements.all.all().map(({ entry }) => JSON.parse(String(entry)) as Entry)
  }

  save(entries: readonly Entry[]): Promise<void> {
    return this.#writes.run(() => {
      for (const entry of entries) this.#statements.set.run(keyOf(entry), JSON.stringify(entry))
    })
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return
    await this.#writes.run(() => undefined) // those before it are written by then
    if (this.#database.isOpen) this.#database.close()
  }

  #readOrMakeId(): string {
    this.#database.exec('BEGIN EXCLUSIVE')
    const known = this.#database.prepare('SELECT id FROM node').get()
    const id = known ? String(known.id) : randomUUID()
    if (!known) this.#database.prepare('INSERT INTO node VALUES (?)').run(id)
    this.#database.exec('COMMIT')
    return id
  }
}

function prepareStatements(database: DatabaseSync) {
  return {
    all: database.prepare('SELECT entry FROM entries'),
    set: database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?)'),
  }
}
