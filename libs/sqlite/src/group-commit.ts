import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { WriteAheadLog } from './write-ahead-log.ts'

interface Write {
  apply(): void
  committed(): void
  failed(error: unknown): void
}

/**
 * Commits writes in groups: those that arrive while the event loop turns once, or while the group before waits for
 * the disk, share one transaction and so one fsync. A write is answered when it is on disk; until then reads see it
 * already, and nothing else waits for it. A write that throws is rolled back alone, by its savepoint.
 *
 *     write ─┐
 *     write ─┼─> BEGIN · write · write · write · COMMIT ─> fsync in another thread ─> all answered
 *     write ─┘
 */
export class GroupCommit {
  readonly #database: DatabaseSync
  readonly #log: WriteAheadLog
  readonly #transaction: Record<'begin' | 'commit' | 'savepoint' | 'release', StatementSync>
  #waiting: Write[] = []
  #committing: Promise<void> | undefined
  #group: Promise<void> | undefined
  /** Why nothing is written any more: after a failed fsync, Linux may have dropped what another would sync. */
  #fault: unknown

  /** Takes the database over: it is closed by `close`. */
  constructor(database: DatabaseSync) {
    this.#database = database
    this.#log = new WriteAheadLog(database)
    this.#transaction = {
      begin: database.prepare('BEGIN IMMEDIATE'),
      commit: database.prepare('COMMIT'),
      savepoint: database.prepare('SAVEPOINT write'),
      release: database.prepare('RELEASE write'),
    }
  }

  /** Runs `write` in the next group; resolves with what it returned once that is on disk. */
  run<Result>(write: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      let result: Result
      this.#waiting.push({
        apply: () => {
          result = write()
        },
        committed: () => resolve(result),
        failed: reject,
      })
      this.#committing ??= this.#commitAll()
    })
  }

  /** Resolves when all that reads can see is on disk. */
  async settled(): Promise<void> {
    await this.#group
  }

  /** Lets the writes under way end, and closes the database. Idempotent. */
  async close(): Promise<void> {
    await this.#committing
    if (this.#database.isOpen) this.#log.close()
  }

  async #commitAll(): Promise<void> {
    await new Promise(setImmediate)
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      this.#group = this.#commit(group)
      await this.#group
    }
    this.#group = undefined
    this.#committing = undefined
  }

  async #commit(group: readonly Write[]): Promise<void> {
    try {
      if (this.#fault !== undefined) throw this.#fault
      const applied = this.#apply(group)
      await this.#sync()
      for (const write of applied) write.committed()
    } catch (error) {
      // The disk or the file failed: no write of the group may be answered as stored.
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK')
      for (const write of group) write.failed(error)
    }
  }

  async #sync(): Promise<void> {
    try {
      await this.#log.sync()
      await this.#log.checkpointIfLong()
    } catch (error) {
      this.#fault = new Error('the disk did not keep what was written; restart when it works', {
        cause: error,
      })
      throw this.#fault
    }
  }

  /** Those that were committed. */
  #apply(group: readonly Write[]): Write[] {
    this.#transaction.begin.run()
    const applied = group.filter(write => this.#applyOne(write))
    this.#transaction.commit.run()
    return applied
  }

  #applyOne(write: Write): boolean {
    this.#transaction.savepoint.run()
    try {
      write.apply()
      this.#transaction.release.run()
      return true
    } catch (error) {
      // After some faults of the disk SQLite has rolled all of it back by itself.
      if (!this.#database.isTransaction) throw error
      this.#database.exec('ROLLBACK TO write; RELEASE write')
      write.failed(error)
      return false
    }
  }
}
