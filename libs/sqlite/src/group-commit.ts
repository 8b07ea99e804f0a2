import type { DatabaseSync } from 'node:sqlite'

interface Write {
  apply(): void
  committed(): void
  failed(error: unknown): void
}

/**
 * Commits writes in groups: those that arrive while the event loop turns once, or while the commit before
 * waits for the disk, share one transaction and so one fsync. A write is answered after its commit. One that
 * throws is rolled back alone, by its savepoint.
 *
 *     write ─┐
 *     write ─┼─> BEGIN · write · write · write · COMMIT (fsync) ─> all answered
 *     write ─┘
 */
export class GroupCommit {
  readonly #database: DatabaseSync
  #waiting: Write[] = []

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Runs `write` in the next group; resolves with what it returned once that is on disk. */
  run<Result>(write: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      let result: Result
      if (this.#waiting.length === 0) setImmediate(() => this.#commit())
      this.#waiting.push({
        apply: () => {
          result = write()
        },
        committed: () => resolve(result),
        failed: reject,
      })
    })
  }

  #commit(): void {
    const group = this.#waiting
    this.#waiting = []
    const applied: Write[] = []
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      for (const write of group) if (this.#apply(write)) applied.push(write)
      this.#database.exec('COMMIT')
    } catch (error) {
      // The disk or the file failed: nobody of the group may be told that it is stored.
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK')
      for (const write of group) write.failed(error)
      return
    }
    for (const write of applied) write.committed()
  }

  #apply(write: Write): boolean {
    this.#database.exec('SAVEPOINT write')
    try {
      write.apply()
      this.#database.exec('RELEASE write')
      return true
    } catch (error) {
      // Of some faults of the disk SQLite has rolled all of it back by itself.
      if (!this.#database.isTransaction) throw error
      this.#database.exec('ROLLBACK TO write; RELEASE write')
      write.failed(error)
      return false
    }
  }
}
