import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { type Entry, keyOf } from '@darkroom/crdt'
import { diskFailed, diskFull, diskRefused } from '@darkroom/service-kit'
import { GroupCommit, lockFile, type Migrations, openDatabase } from '@darkroom/sqlite'
import type { StateStore } from './engine.ts'

const migrations: Migrations = [
  `
  CREATE TABLE node (id TEXT NOT NULL) STRICT;
  CREATE TABLE entries (key TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
]

/**
 * Entries as JSON, one per row. Only one process may use the file: two nodes with one id would overwrite each other's
 * counts.
 */
export class SqliteStateStore implements StateStore {
  #nodeId: string
  readonly #lock: Disposable
  readonly #database: DatabaseSync
  readonly #writes: GroupCommit
  readonly #statements: ReturnType<typeof prepareStatements>

  /** @throws UnusableFile */
  constructor({ path }: { path: string }) {
    using opened = new DisposableStack()
    this.#lock = opened.use(lockFile(path))
    this.#database = openDatabase(path, migrations)
    this.#nodeId = readOrMakeId(this.#database)
    this.#writes = new GroupCommit(this.#database, {
      fullError: diskFull,
      refusedError: diskRefused,
      failedError: diskFailed,
    })
    this.#statements = prepareStatements(this.#database)
    opened.move()
  }

  get nodeId(): string {
    return this.#nodeId
  }

  /** Turns this into another node; its earlier counts stay under the old id. */
  renewId(): string {
    this.#nodeId = randomUUID()
    this.#database.prepare('UPDATE node SET id = ?').run(this.#nodeId)
    return this.#nodeId
  }

  async load(): Promise<Entry[]> {
    return this.#statements.all.all().map(({ entry }) => JSON.parse(String(entry)) as Entry)
  }

  save(entries: readonly Entry[]): Promise<void> {
    return this.#writes.run(() => {
      for (const entry of entries) this.#statements.set.run(keyOf(entry), JSON.stringify(entry))
    })
  }

  checkReady(): Promise<void> {
    return this.#writes.checkReady()
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return
    await this.#writes.close()
    this.#lock[Symbol.dispose]()
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
