import { closeSync, fdatasync, fstatSync, fsync, openSync, statfs, write } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'

const syncData = promisify(fdatasync)
const syncFile = promisify(fsync)
const append = promisify(write)
const readSpace = promisify(statfs)

/** A log of this size is written back to the database, as with SQLite's own default of 1000 pages. */
export const checkpointBytes = 4 * 1024 * 1024

/** The log grows by these zeros. */
const zeros = Buffer.alloc(1024 * 1024)

/** The log doesn't grow ahead on a disk with less free space. */
const minFreeBytes = 64 * 1024 * 1024

/**
 * Syncs a database's write-ahead log in libuv's threads. SQLite itself would wait for the disk on the calling thread,
 * and block everything else that this thread serves. So SQLite runs without syncing (synchronous=OFF), and this class
 * keeps the order that https://sqlite.org/wal.html requires:
 *
 *     commit:      frames are written -> log synced -> the commit is acknowledged
 *     checkpoint:  log synced -> pages copied to the database -> database synced -> log truncated -> log synced
 *
 * The log is truncated before it is used again: otherwise a power cut could leave new frames after old ones. While
 * another connection reads, the log can't be truncated; SQLite then syncs the log's header itself (synchronous=NORMAL).
 *
 * The log grows ahead of its frames by zeros, which SQLite doesn't mistake for a frame. Most commits then overwrite bytes of
 * the file, and syncing them takes a third of the time: the file system has no new size and no new blocks to record.
 */
export class WriteAheadLog {
  readonly databasePath: string
  readonly #database: DatabaseSync
  readonly #databaseFile: number
  readonly #logFile: number
  /** The size of the log's file when it was last synced. */
  #size: number
  /** The frames ended here when SQLite last appended to the file; later frames were written over zeros. */
  #framesEnd: number

  /** The database must be in WAL mode and have committed something, so that the log exists and its name is durable. */
  constructor(database: DatabaseSync) {
    const path = database.location()
    if (path === null) throw new Error('a database in memory has no write-ahead log; open a file')
    this.databasePath = path
    this.#database = database
    // Stays open until the database is closed: closing any descriptor of its file would drop SQLite's locks (POSIX).
    this.#databaseFile = openSync(path, 'r')
    // Opened for appending only: zeros must not overwrite frames that another process (a shell that changes a row) has just
    // written.
    this.#logFile = openSync(`${path}-wal`, 'a+')
    this.#size = this.#framesEnd = fstatSync(this.#logFile).size
    database.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF')
  }

  /** Whether the log needs a sync even if no commit does: it has grown, or is about to be written back. */
  get isSyncDue(): boolean {
    return fstatSync(this.#logFile).size > this.#size || this.#framesEnd >= checkpointBytes
  }

  /** Resolves when everything committed before is on disk. */
  async sync(): Promise<void> {
    const { size } = fstatSync(this.#logFile)
    if (size > this.#size) {
      this.#framesEnd = size
      this.#size = size < checkpointBytes ? await this.#growAhead(size) : size
    }
    await syncData(this.#logFile)
  }

  /**
   * Writes a long log back to the database, or any log with `isLogShort`. The log must be synced, and nothing may write
   * meanwhile. If the disk is full, the log keeps the pages that the database lacks.
   */
  async checkpoint({ isLogShort = false } = {}): Promise<void> {
    const isDue = isLogShort ? fstatSync(this.#logFile).size > 0 : this.#framesEnd >= checkpointBytes
    if (!isDue) return
    this.#checkpoint('PASSIVE')
    await syncData(this.#databaseFile)
    const isCut = this.#checkpoint('TRUNCATE')
    if (isCut) {
      this.#size = this.#framesEnd = 0
      await syncFile(this.#logFile)
    }
    this.#database.exec(`PRAGMA synchronous = ${isCut ? 'OFF' : 'NORMAL'}`)
  }

  /** Closes the database; SQLite checkpoints and syncs it. */
  close(): void {
    this.#database.exec('PRAGMA synchronous = FULL')
    this.#database.close()
    closeSync(this.#logFile)
    closeSync(this.#databaseFile)
  }

  /** Appends zeros to the log, which had `size` bytes. Returns the new size. */
  async #growAhead(size: number): Promise<number> {
    try {
      const { bavail, bsize } = await readSpace(this.databasePath)
      if (bavail * bsize < minFreeBytes) return size
      await append(this.#logFile, zeros)
      return fstatSync(this.#logFile).size
    } catch {
      // Usually, a quota is reached. A commit that needs the space appends to the log itself, and gets the error.
      return size
    }
  }

  /** Returns whether it succeeded. Doesn't wait for a connection that reads. */
  #checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): boolean {
    this.#database.exec('PRAGMA busy_timeout = 0')
    const { busy } = this.#database.prepare(`PRAGMA wal_checkpoint(${mode})`).get() ?? {}
    this.#database.exec('PRAGMA busy_timeout = 5000')
    return busy === 0
  }
}
