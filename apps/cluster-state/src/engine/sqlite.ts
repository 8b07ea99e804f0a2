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

/** https://sqlite.org/rescode.html#busy */
const sqliteBusy = 5

/** Entries as JSON, one a row. The file is held for this process: two nodes with one id would undo each other's counts. */
export class SqliteStateStore implements StateStore {
  readonly nodeId: string
  readonly #database: DatabaseSync
  readonly #writes: GroupCommit
  readonly #statements: ReturnType<typeof prepareStatements>

  /** @throws Error when another process has the file open */
  constructor({ path }: { path: string }) {
    this.#database = openAlone(path)
    this.nodeId = readOrMakeId(this.#database)
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
}

/** @throws Error when another process has the file open */
function openAlone(path: string): DatabaseSync {
  try {
    const database = openDatabase(path, migrations)
    // From its next transaction on, the connection keeps its lock (https://sqlite.org/pragma.html#pragma_locking_mode).
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
    return database
  } catch (cause) {
    const isHeld = cause instanceof Error && 'errcode' in cause && cause.errcode === sqliteBusy
    throw isHeld ? new Error(`another process uses ${path}`, { cause }) : cause
  }
}

function readOrMakeId(database: DatabaseSync): string {
  const known = database.prepare('SELECT id FROM node').get()
  if (known) return String(known.id)
  const id = randomUUID()
  database.prepare('INSERT INTO node VALUES (?)').run(id)
  return id
}

function prepareStatements(database: DatabaseSync) {
  return {
    all: database.prepare('SELECT entry FROM entries'),
    set: database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?)'),
  }
}
