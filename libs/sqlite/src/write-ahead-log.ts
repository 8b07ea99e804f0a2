import { closeSync, fdatasync, fstatSync, fsync, openSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'

const syncData = promisify(fdatasync)
const syncFile = promisify(fsync)

/** A log of this size is written back to the database, as in SQLite's own default of 1000 pages. */
const checkpointBytes = 4 * 1024 * 1024

/**
 * Syncs a database's write-ahead log in libuv's threads. SQLite itself would wait for the disk on the thread that
 * calls it, and everything else that this thread serves would wait, too. So SQLite is told not to sync at all
 * (synchronous=OFF), and this class keeps the order that https://sqlite.org/wal.html asks for:
 *
 *     commit:      frames are written -> log synced -> the commit is acknowledged
 *     checkpoint:  log synced -> pages copied to the database -> database synced -> log cut to nothing -> log synced
 *
 * The log is cut before it is used again: a power cut could otherwise leave new frames behind old ones. While
 * another connection reads, it can't be cut; SQLite then syncs the log's header itself (synchronous=NORMAL).
 */
export class WriteAheadLog {
  readonly #database: DatabaseSync
  readonly #databaseFile: number
  readonly #logFile: number

  /** The database is in WAL mode and has committed something, so that the log exists and its name is durable. */
  constructor(database: DatabaseSync) {
    const path = database.location()
    if (path === null) throw new Error('a database in memory has no write-ahead log')
    this.#database = database
    // Open until the database is closed: to close any descriptor of its file drops SQLite's locks (POSIX).
    this.#databaseFile = openSync(path, 'r')
    this.#logFile = openSync(`${path}-wal`, 'r')
    database.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF')
  }

  /** Resolves when all that was committed before is on disk. */
  sync(): Promise<void> {
    return syncData(this.#logFile)
  }

  /** Writes a long log back to the database. Nothing may be written meanwhile, and the log is synced. */
  async checkpointIfLong(): Promise<void> {
    if (fstatSync(this.#logFile).size < checkpointBytes) return
    this.#checkpoint('PASSIVE')
    await syncData(this.#databaseFile)
    const isCut = this.#checkpoint('TRUNCATE')
    if (isCut) await syncFile(this.#logFile)
    this.#database.exec(`PRAGMA synchronous = ${isCut ? 'OFF' : 'NORMAL'}`)
  }

  /** Closes the database, which SQLite checkpoints and syncs by itself. */
  close(): void {
    this.#database.exec('PRAGMA synchronous = FULL')
    this.#database.close()
    closeSync(this.#logFile)
    closeSync(this.#databaseFile)
  }

  /** Whether it could be done; a connection that reads is not waited for. */
  #checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): boolean {
    this.#database.exec('PRAGMA busy_timeout = 0')
    const { busy } = this.#database.prepare(`PRAGMA wal_checkpoint(${mode})`).get() ?? {}
    this.#database.exec('PRAGMA busy_timeout = 5000')
    return busy === 0
  }
}
